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
    ...(command.notes ?? []),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** The flags that a command takes beside its own. */
export const commonFlags = ({ kind }: Pick<Command, 'kind'>): Flags =>
  kind === 'client' ? { ...CONNECTION, ...COMMON } : COMMON;

/** The list of commands. */
export function overview(commands: readonly Pick<Command, 'name' | 'summary'>[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    'chancery issues, renews and delivers TLS certificates.',
    section('Usage', ['chancery COMMAND [flags]', 'chancery COMMAND --help']),
    section(
      'Commands',
      commands.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}`),
    ),
    section(
      'Exit codes',
      Object.values(EXIT).map(({ code, means }) => `${String(code).padEnd(3)}  ${means}`),
    ),
  ].join('\n\n');
}

function flagLines(flags: Flags): string[] {
  const usages = Object.entries(flags).map(([name, flag]) => flagUsage(name, flag));
  const width = Math.max(0, ...usages.map((usage) => usage.length));
  return Object.values(flags).map((flag, index) => `${usages[index]!.padEnd(width)}  ${flagHelp(flag)}`);
}

const section = (title: string, lines: readonly string[]): string =>
  [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n');
