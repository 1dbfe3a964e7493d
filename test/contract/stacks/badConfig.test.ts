import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CommandResult, runCommand } from '../../support/commands.ts';
import { repository } from '../../support/peers/paths.ts';
import { tempDir } from '../../support/temp.ts';

/** What `npm run synth -- -c ...` does with context. `output` is where templates would be. */
async function synth(context: readonly string[]): Promise<CommandResult & { readonly output: string }> {
  const output = join(tempDir('synth'), 'out');
  const cdk = join(repository, 'node_modules/aws-cdk/bin/cdk');
  const args = [cdk, 'synth', '-q', '--output', output, ...context.flatMap((entry) => ['-c', entry])];
  return { ...(await runCommand(process.execPath, args, '', repository)), output };
}

function file(text: string): string {
  const path = join(tempDir('config'), 'chancery.json');
  writeFileSync(path, text);
  return `config=${path}`;
}

/** Mistakes in a member, in the file and in the command; test/stacks/config.test.ts has each kind. */
const MISTAKES: readonly (readonly [kind: string, context: () => string, said: RegExp])[] = [
  ['values that are not allowed', () => file('{"removal":"maybe"}'), / {2}removal: must be one of retain, destroy\n/],
  [
    'a file that is not there',
    () => 'config=/nowhere/chancery.json',
    /\/nowhere\/chancery\.json cannot be read: ENOENT/,
  ],
  ['a slip of the hand', () => 'confg=chancery.json', /-c confg: is not known; .* -c config=FILE/],
];

describe('A configuration that is not valid', () => {
  it.each(MISTAKES)('is refused before anything is synthesized: %s', { timeout: 180_000 }, async (_, context, said) => {
    const { code, stderr, output } = await synth([context()]);
    expect(stderr).toMatch(said);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(1);
    expect(readdirSync(output)).toEqual([]);
  });
});
