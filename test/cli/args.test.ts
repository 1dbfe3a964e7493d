import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commaList, parseFlags } from '../../cli/shared/args.ts';
import { CliError } from '../../cli/shared/errors.ts';

const FLAGS = {
  team: { kind: 'text', short: 't', value: 'TEAM', help: '' },
  dns: { kind: 'list', value: 'NAMES', help: '' },
  wait: { kind: 'switch', help: '' },
  file: { kind: 'list', short: 'f', value: 'FILE', help: '' },
} as const;

const parse = (...argv: string[]) => parseFlags(argv, FLAGS);

async function refused(...argv: string[]): Promise<CliError> {
  const error = await parse(...argv).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CliError);
  expect((error as CliError).exit).toBe('usage');
  return error as CliError;
}

describe('Flags', () => {
  it('have a value of their kind when they are not given', async () => {
    expect(await parse('web')).toEqual({
      flags: { team: undefined, dns: [], wait: false, file: [] },
      positionals: ['web'],
    });
  });

  it('take their value behind a blank, an equals sign or their letter, before and after arguments', async () => {
    for (const argv of [['--team', 'demo'], ['--team=demo'], ['-t', 'demo'], ['-tdemo']]) {
      expect((await parse('web', ...argv)).flags.team).toBe('demo');
      expect((await parse(...argv, 'web')).positionals).toEqual(['web']);
    }
  });

  it('gather the values of a flag that may be repeated, in order', async () => {
    expect((await parse('--dns', 'a,b', '--dns', 'c')).flags.dns).toEqual(['a,b', 'c']);
  });

  it('leave what follows two hyphens alone', async () => {
    expect((await parse('--wait', '--', '--team')).positionals).toEqual(['--team']);
  });

  it('take a single hyphen as a value, and an equals sign within one', async () => {
    expect((await parse('-f', '-')).flags.file).toEqual(['-']);
    expect((await parse('--team=a=b')).flags.team).toBe('a=b');
    expect((await parse('--team=-x')).flags.team).toBe('-x');
  });

  it('are refused when nobody knows them, with the nearest known one', async () => {
    expect((await refused('--taem', 'x')).message).toBe('unknown flag --taem: did you mean --team?');
    expect((await refused('--something-else')).message).toBe('unknown flag --something-else');
    expect((await refused('--__proto__')).message).toBe('unknown flag --__proto__');
    expect((await refused('-x')).message).toContain('unknown flag -x');
  });

  it('take what the shared owner has for a value: it begins with a dash', async () => {
    expect((await parse('--team', '-/chancery-ca')).flags.team).toBe('-/chancery-ca');
    expect((await parse('-t', '-')).flags.team).toBe('-');
  });

  it('are refused without the value that they need, with one that they do not take, and twice', async () => {
    expect((await refused('--team')).message).toBe('--team needs a value: --team TEAM');
    expect((await refused('--team', '--wait')).message).toBe('--team needs a value: --team TEAM');
    expect((await refused('--team', '-t')).message).toBe('--team needs a value: --team TEAM');
    expect((await refused('--team=')).message).toBe('--team needs a value: --team TEAM');
    expect((await refused('--wait=no')).message).toBe('--wait takes no value');
    expect((await refused('-t', 'a', '--team', 'b')).message).toBe('--team is given twice');
  });

  it('never end in anything but values or a usage error, whatever is written', async () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('--team', '-t', '--wait', '--dns=', '--', '-', '-ft', '--no-wait'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (argv) => {
        const result = await parse(...argv).catch((error: unknown) => error);
        if (result instanceof Error) expect(result).toBeInstanceOf(CliError);
      }),
    );
  });
});

describe('Lists with commas', () => {
  it('lose blanks and empty parts', () => {
    expect(commaList(['a, b', ',', 'c'])).toEqual(['a', 'b', 'c']);
  });
});
