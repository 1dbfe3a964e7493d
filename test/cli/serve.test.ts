import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { command } from '../../cli/serve.ts';
import { parseFlags } from '../../cli/shared/args.ts';
import { CliError } from '../../cli/shared/errors.ts';
import { tempDir } from '../support/temp.ts';
import { recordingTerminal } from './terminal.ts';

/** Why `chancery serve` with these words does not start. */
async function refused(...words: string[]): Promise<string> {
  const { flags } = await parseFlags(words, command.flags);
  if (command.kind !== 'local') throw new Error('it needs no service');
  const error = await command.run({ terminal: recordingTerminal().terminal, env: {} }, flags, []).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(CliError);
  expect((error as CliError).exit).toBe('usage');
  return (error as CliError).message;
}

const EMPTY = join(tempDir('serve'), 'empty');
writeFileSync(EMPTY, '\n');

describe('chancery serve', () => {
  it.each([
    [
      'a webhook over plain HTTP',
      ['--notify', 'http://hooks.example/path-secret'],
      /http:\/\/hooks\.example: not https/,
    ],
    ['a webhook that is no URL', ['--notify', 'hooks path-secret'], /not a URL/],
    ['a webhook with a password', ['--notify', 'https://user:path-secret@hooks.example'], /has a password in it/],
    ['a token for nobody', ['--notify-token-file', EMPTY], /nobody to call/],
    ['a token that is empty', ['--notify', 'https://hooks.example', '--notify-token-file', EMPTY], /is empty/],
    [
      'a token that is not there',
      ['--notify', 'https://hooks.example', '--notify-token-file', `${EMPTY}-other`],
      /cannot read/,
    ],
    ['a JWT issuer without an audience', ['--oidc-issuer', 'https://issuer.example'], /belong together/],
  ])('does not start with %s, and says so without what may be secret', async (_, words, message) => {
    const said = await refused(...words);
    expect(said).toMatch(message);
    expect(said).not.toContain('path-secret');
  });
});
