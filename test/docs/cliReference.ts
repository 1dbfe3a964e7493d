import { COMMON, CONNECTION, type Flags } from '../../cli/shared/args.ts';
import type { Command } from '../../cli/shared/command.ts';
import { EXIT } from '../../cli/shared/exitCodes.ts';
import { flagHelp, flagUsage, usageOf } from '../../cli/shared/help.ts';

/** docs/cli.md, from the commands themselves. */
export function cliReference(commands: readonly Command[]): string {
  return [
    '# The command line',
    'Made from the commands themselves: change their text, then run `npx vitest run test/docs/cli.test.ts -u`.',
    'Inside this repository the program is called as `npx chancery`. `chancery help` lists the commands, `chancery COMMAND --help` explains one.',
    '## How it finds the service',
    [
      '1. What flags say: `--url`, `--token-file`, `--ca-file`; or `--data`, the data folder of a service on this machine.',
      '2. What the environment says: `CHANCERY_URL`, `CHANCERY_TOKEN` (the token itself) or `CHANCERY_TOKEN_FILE`, `CHANCERY_CA_FILE`, `CHANCERY_DATA`.',
      '3. What the data folder says, `./.chancery` by default: `endpoint.json` and `admin.token`.',
    ].join('\n'),
    'The token in a data folder goes to the service of that folder alone. Without a CA file the CAs of Node.js count, and redirects are not followed.',
    'These flags are taken by every command that talks to a service:',
    flagTable({ ...CONNECTION, ...COMMON }),
    '## Exit codes',
    ['| code | means |', '|---|---|', ...Object.values(EXIT).map(({ code, means }) => `| ${code} | ${means} |`)].join(
      '\n',
    ),
    '## Output',
    'Results go to stdout; steps, notes and errors to stderr. `-o json` and `-o yaml` print what the service answered and nothing else; `-o wide` has more ' +
      'columns. Colours are for terminals, and `NO_COLOR` turns them off. Secrets are never printed, with two exceptions that say so: `token issue`, once, and `pem --key`.',
    '## Commands',
    ...commands.flatMap(section),
  ]
    .join('\n\n')
    .concat('\n');
}

function section(command: Command): string[] {
  const { name, summary, flags, examples, notes = [] } = command;
  return [
    `### ${name}`,
    summary,
    `\`${usageOf(command)}\``,
    ...(Object.keys(flags).length > 0 ? [flagTable(flags)] : []),
    ['```sh', ...examples, '```'].join('\n'),
    ...notes,
  ];
}

function flagTable(flags: Flags): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\*+\S*|\S+\*+\S*/g, (word) => code(word));
  const rows = Object.entries(flags).map(
    ([name, flag]) => `| \`${flagUsage(name, flag).replaceAll('|', '\\|')}\` | ${cell(flagHelp(flag))} |`,
  );
  return ['| flag | |', '|---|---|', ...rows].join('\n');
}

/** Patterns have asterisks, which Markdown would take for emphasis. */
const code = (word: string): string =>
  word.includes('`') ? word : word.replace(/^([(]?)(.*?)([).,:;]*)$/, '$1`$2`$3');
