import { COMMANDS, loadCommands } from './commands.ts';
import { type Flags, parseFlags } from './shared/args.ts';
import { type Client, createClient } from './shared/client.ts';
import { type ConnectionFlags, findConnection } from './shared/connection.ts';
import { errorLines, exitCodeOf, usageError } from './shared/errors.ts';
import { EXIT } from './shared/exitCodes.ts';
import { findCommand } from './shared/findCommand.ts';
import { commandHelp, commonFlags, overview, usageOf } from './shared/help.ts';
import { abortedByInterrupt, quietPipes } from './shared/signals.ts';
import { processTerminal } from './shared/terminal.ts';

const { env } = process;
const terminal = processTerminal(env);
quietPipes();
try {
  await run(process.argv.slice(2));
} catch (error) {
  process.exitCode = exitCodeOf(error);
  if (process.exitCode !== EXIT.interrupted.code) for (const line of errorLines(error)) terminal.note(line);
}

async function run(argv: readonly string[]): Promise<void> {
  const names = Object.keys(COMMANDS);
  const found = await findCommand(argv, names);
  if (found.name === undefined) return help(found.group);
  const { command } = await COMMANDS[found.name]!();
  const known: Flags = { ...command.flags, ...commonFlags(command) };
  const { flags, positionals } = await parseFlags(found.rest, known);
  if (flags.help) return terminal.print(commandHelp(command));
  checkPositionals(usageOf(command), command.positionals, positionals);
  if (command.kind === 'local') return command.run({ terminal, env }, flags, positionals);
  const signal = abortedByInterrupt();
  let made: Client | undefined;
  const client = (): Client => {
    made ??= createClient(findConnection(flags as ConnectionFlags, env), signal);
    return made;
  };
  return command.run({ terminal, env, signal, client }, flags as Parameters<typeof command.run>[1], positionals);
}

async function help(group: string | undefined): Promise<void> {
  const shown = await loadCommands((name) => group === undefined || name.startsWith(`${group} `));
  terminal.print(overview(shown));
}

function checkPositionals(usage: string, wanted: readonly string[], given: readonly string[]): void {
  const required = wanted.filter((one) => !one.startsWith('['));
  const missing = required[given.length];
  if (missing !== undefined) throw usageError(`${missing} is missing`, `write: ${usage}`);
  const [extra] = given.slice(wanted.length);
  if (extra !== undefined) throw usageError(`unexpected argument ${JSON.stringify(extra)}`, `write: ${usage}`);
}
