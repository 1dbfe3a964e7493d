import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Credential } from './shared/answers.ts';
import { clientCommand } from './shared/command.ts';
import { usageError } from './shared/errors.ts';
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
    const data = dataOf(flags['from-literal'], flags['from-file'], flags['from-stdin']);
    const { body, status } = await context
      .client()
      .request<Credential>('PUT', credentialPath(team, name), { body: { data } });
    context.terminal.print(`credential ${name} ${status === 201 ? 'stored' : 'replaced'}: ${body.fields.join(', ')}`);
  },
});

function dataOf(
  literals: readonly string[],
  files: readonly string[],
  stdin: string | undefined,
): Record<string, string> {
  const entries = [
    ...literals.map((text) => {
      const [key, value] = split(text);
      if (key === undefined) throw usageError('--from-literal is not KEY=VALUE');
      return [key, value] as const;
    }),
    ...files.map((text) => {
      const [key, file] = split(text);
      return [key ?? basename(file), textOf(file)] as const;
    }),
    ...(stdin === undefined ? [] : [[stdin, textOf(0)] as const]),
  ];
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

function textOf(file: string | 0): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)).replace(/\r?\n$/, '');
  } catch (error) {
    const { code = 'it is not UTF-8 text' } = error as NodeJS.ErrnoException;
    throw usageError(`cannot read ${file === 0 ? 'stdin' : file} (${code})`);
  }
}
