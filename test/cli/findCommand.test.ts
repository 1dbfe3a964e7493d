import { describe, expect, it } from 'vitest';
import { CliError } from '../../cli/shared/errors.ts';
import { findCommand } from '../../cli/shared/findCommand.ts';

const NAMES = ['serve', 'get', 'team put', 'team get', 'version'];
const find = (...argv: string[]) => findCommand(argv, NAMES);

async function refused(...argv: string[]): Promise<CliError> {
  const error = await find(...argv).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CliError);
  expect((error as CliError).exit).toBe('usage');
  return error as CliError;
}

describe('The command', () => {
  it('is one word or two, and the rest is left in its order', async () => {
    expect(await find('get', 'certs', '-o', 'json')).toEqual({ name: 'get', rest: ['certs', '-o', 'json'] });
    expect(await find('team', 'put', 'demo')).toEqual({ name: 'team put', rest: ['demo'] });
  });

  it('may stand behind flags, whose values are not taken for it', async () => {
    expect(await find('--data', 'get', 'team', '--url=x', 'put', 'demo')).toEqual({
      name: 'team put',
      rest: ['--data', 'get', '--url=x', 'demo'],
    });
  });

  it('is not needed for help, of all commands or of a group', async () => {
    for (const argv of [[], ['help'], ['--help'], ['-h']]) expect(await find(...argv)).toEqual({ name: undefined });
    for (const argv of [
      ['team', '--help'],
      ['help', 'team'],
    ]) {
      expect(await find(...argv)).toEqual({ name: undefined, group: 'team' });
    }
    expect(await find('help', 'get')).toEqual({ name: 'get', rest: ['--help'] });
    expect(await find('help', 'team', 'put')).toEqual({ name: 'team put', rest: ['--help'] });
  });

  it('is version for --version', async () => {
    expect(await find('--version')).toEqual({ name: 'version', rest: [] });
  });

  it('is refused when nobody knows it, with the nearest known one', async () => {
    expect((await refused('serv')).message).toBe('unknown command "serv": did you mean "serve"?');
    expect((await refused('temas', 'put')).message).toBe('unknown command "temas": did you mean "team"?');
    expect((await refused('team', 'putt', 'x')).message).toBe('unknown command "team putt": did you mean "team put"?');
    expect((await refused('xxxxxxxxxx')).message).toBe('unknown command "xxxxxxxxxx"');
  });

  it('is refused when its second word is missing, with what there is', async () => {
    const { message, more } = await refused('team');
    expect(message).toBe('chancery team what?');
    expect(more.remedy).toBe('choose one of team put, team get');
  });

  it('is missed when there are flags alone', async () => {
    expect((await refused('--wait')).message).toBe('there are flags and no command');
  });
});
