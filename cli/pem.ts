import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificatePath } from './shared/certificates.ts';
import { clientCommand } from './shared/command.ts';
import { CliError } from './shared/errors.ts';
import { TEAM, teamOf } from './shared/team.ts';

export const command = clientCommand({
  name: 'pem',
  summary: 'Print the issued chain as PEM, leaf first.',
  positionals: ['NAME'],
  flags: {
    ...TEAM,
    key: {
      kind: 'switch',
      help: 'The private key too, before the chain. Needs a token with the verbs read and key; the export stands on the ledger.',
    },
    out: {
      kind: 'text',
      value: 'DIR',
      help: 'Write tls.crt, and with --key tls.key (mode 0600), to this directory instead.',
    },
  },
  examples: [
    'chancery pem web --team demo > web.crt',
    'chancery pem web --team demo --key --out ./tls --token-file key.token',
  ],
  async run(context, flags, [name = '']) {
    const team = teamOf(flags, context.env);
    const query = { key: flags.key || undefined };
    const { body } = await context.client().request<string>('GET', certificatePath(team, name, 'pem'), { query });
    if (flags.out === undefined) return context.terminal.print(body.trimEnd());
    for (const path of writeFiles(flags.out, body)) context.terminal.print(path);
  },
});

const KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----\n?/;

function writeFiles(folder: string, pem: string): string[] {
  const [key] = KEY.exec(pem) ?? [];
  try {
    mkdirSync(folder, { recursive: true });
    const chain = writeWhole(join(folder, 'tls.crt'), pem.replace(KEY, ''), 0o644);
    return key === undefined ? [chain] : [chain, writeWhole(join(folder, 'tls.key'), key, 0o600)];
  } catch (error) {
    throw new CliError('failed', `cannot write to ${folder}: ${(error as Error).message}`);
  }
}

/** A new file in the place of the old one: nobody who could read the old one can read the new one by that. */
function writeWhole(path: string, text: string, mode: number): string {
  const fresh = `${path}.${process.pid}.new`;
  writeFileSync(fresh, text, { mode, flag: 'wx' });
  renameSync(fresh, path);
  return path;
}
