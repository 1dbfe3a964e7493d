import { COMMON, CONNECTION, type Flag, type Flags } from './args.ts';
import type { Command } from './command.ts';
import { EXIT } from './exitCodes.ts';

/** The line that says how a command is written: `chancery renew NAME [flags]`. */
export const usageOf = ({ name, positionals }: Pick<Command, 'name' | 'positionals'>): string =>
  ['chancery', name, ...positionals, '[flags]'].join(' ');

/** How a flag is written: `-o, --output FORMAT`. */
export const flagUsage = (name: string, { short, value }: Flag): string =>
  `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`;

/** What a flag does, with what else is to know about it. */
export const flagHelp = ({ help, kind, env }: Flag): string =>
  [help, kind === 'list' ? 'May be repeated.' : '', env ? `Or ${env}.` : ''].filter((part) => part !== '').join(' ');

/** The whole help of one command. */
export function commandHelp(command: Command): string {
  const own = flagLines(command.flags);
  const common = flagLines(commonFlags(command));
  return [
    command.summary,
    section('Usage', [usageOf(command)]),
    own.length > 0 ? section('Flags', own) : '',
    section('Common flags', common),
    section(command.examples.length > 1 ? 'Examples' : 'Example', command.examples),
    ...(command.notes ?? []).map((note) => wrapped(note, WIDTH).join('\n')),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** The flags that a command takes beside its own. */
export const commonFlags = ({ kind }: Pick<Command, 'kind'>): Flags =>
  kind === 'client' ? { ...CONNECTION, ...COMMON } : COMMON;

/** The list of commands. */
export function overview(commands: readonly Pick<Command, 'name' | 'summary'>[]): string {
  return [
    'chancery issues, renews and delivers TLS certificates.',
    section('Usage', ['chancery COMMAND [flags]', 'chancery COMMAND --help']),
    section('Commands', aligned(commands.map(({ name, summary }) => [name, summary]))),
    section('Exit codes', aligned(Object.values(EXIT).map(({ code, means }) => [String(code), means]))),
  ].join('\n\n');
}

function flagLines(flags: Flags): string[] {
  return aligned(Object.entries(flags).map(([name, flag]) => [flagUsage(name, flag), flagHelp(flag)]));
}

/** Characters of a line. Narrower terminals break it themselves. */
const WIDTH = 100;

/** Two columns, the second one broken into lines that stand below each other. */
function aligned(rows: readonly (readonly [left: string, right: string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.flatMap(([left, right]) =>
    wrapped(right, WIDTH - width - 4).map((line, index) => `${(index === 0 ? left : '').padEnd(width)}  ${line}`),
  );
}

/** A text in lines of at most `width` characters, broken between words. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

const section = (title: string, lines: readonly string[]): string =>
  [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n');
