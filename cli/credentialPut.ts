import { basename } from 'node:path';
import type { Credential } from './shared/answers.ts';
import { clientCommand } from './shared/command.ts';
import { usageError } from './shared/errors.ts';
import { readText, STDIN } from './shared/input.ts';
import { credentialPath } from './shared/resources.ts';
import { TEAM, teamOf } from './shared/team.ts';

export const command = clientCommand({
  name: 'credential put',
  summary: 'Store secret values that an issuer names, such as a TSIG key. They are shown to nobody.',
  positionals: ['NAME'],
  flags: {
    ...TEAM,
    'from-literal': {
      kind: 'list',
      value: 'KEY=VALUE',
      help: 'A value as it stands. Mind that your shell may remember it.',
    },
    'from-file': {
      kind: 'list',
      value: '[KEY=]FILE',
      help: "A file's text, but for a last line break. Without KEY the file's name is the key.",
    },
    'from-stdin': { kind: 'text', value: 'KEY', help: 'What stdin says, but for a last line break.' },
  },
  examples: [
    'chancery credential put tsig --team demo --from-file tsig-secret=./tsig.secret',
    'pass show dns/tsig | chancery credential put tsig --team - --from-stdin tsig-secret',
  ],
  notes: [
    'The values given are all values that the credential has then. Team `-` is for those of shared issuers (ClusterIssuers).',
  ],
  async run(context, flags, [name = '']) {
    const team = teamOf(flags, context.env);
    const data = await dataOf(flags['from-literal'], flags['from-file'], flags['from-stdin']);
    const { body, status } = await context
      .client()
      .request<Credential>('PUT', credentialPath(team, name), { body: { data } });
    context.terminal.print(`credential ${name} ${status === 201 ? 'stored' : 'replaced'}: ${body.fields.join(', ')}`);
  },
});

async function dataOf(
  literals: readonly string[],
  files: readonly string[],
  stdin: string | undefined,
): Promise<Record<string, string>> {
  const entries: [key: string, value: string][] = [];
  for (const text of literals) {
    const [key, value] = split(text);
    if (key === undefined) throw usageError('--from-literal is not KEY=VALUE');
    entries.push([key, value]);
  }
  for (const text of files) {
    const [key, file] = split(text);
    entries.push([key ?? basename(file), await textOf(file, '--from-file')]);
  }
  if (stdin !== undefined) entries.push([stdin, await textOf(STDIN, '--from-stdin')]);
  if (entries.length === 0) throw usageError('there is no value', 'give --from-literal, --from-file or --from-stdin');
  const keys = entries.map(([key]) => key);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw usageError(`the key ${twice} is given twice`);
  return Object.fromEntries(entries);
}

/** Key and rest. The message of an error must not repeat the text: it may be a secret. */
function split(text: string): [key: string | undefined, rest: string] {
  const index = text.indexOf('=');
  return index <= 0 ? [undefined, text] : [text.slice(0, index), text.slice(index + 1)];
}

/** Editors and `echo` end a text with a line break that is no part of a secret. */
const textOf = async (file: string, flag: string): Promise<string> =>
  (await readText(file, flag)).replace(/\r?\n$/, '');
