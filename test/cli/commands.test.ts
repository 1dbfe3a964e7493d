import { describe, expect, it } from 'vitest';
import { COMMANDS, loadCommands } from '../../cli/commands.ts';
import { parseFlags } from '../../cli/shared/args.ts';
import { findCommand } from '../../cli/shared/findCommand.ts';
import { commandHelp, commonFlags, overview } from '../../cli/shared/help.ts';

const commands = await loadCommands(() => true);

/** The words of a command in a line, as a shell takes them apart: pipes and redirections left out. */
function wordsOf(line: string): string[] {
  const call = line.split(' | ').find((part) => part.startsWith('chancery ')) ?? '';
  const words: string[] = call.match(/'[^']*'|\S+/g) ?? [];
  const end = words.indexOf('>');
  return (end < 0 ? words : words.slice(0, end)).slice(1).map((word) => word.replace(/^'(.*)'$/, '$1'));
}

describe('The table of commands', () => {
  it('has each command under its own name', () => {
    expect(commands.map(({ name }) => name)).toEqual(Object.keys(COMMANDS));
  });

  it('is the overview', () => {
    const text = overview(commands);
    for (const { name, summary } of commands) {
      expect(text).toContain(name);
      expect(text.replace(/\s+/g, ' ')).toContain(summary);
    }
  });
});

describe.each(commands)('chancery $name', (command) => {
  it('has a help with its flags and an example, no line longer than a terminal is wide', () => {
    const help = commandHelp(command);
    for (const flag of Object.keys(command.flags)) expect(help).toContain(`--${flag}`);
    expect(command.examples.length).toBeGreaterThan(0);
    const prose = help.split('\n').filter((line) => !command.examples.some((example) => line.includes(example)));
    for (const line of prose) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('has examples that it understands', async () => {
    for (const example of command.examples) {
      const found = await findCommand(wordsOf(example), Object.keys(COMMANDS));
      if (found.name === undefined) throw new Error(`${example}: no command`);
      expect(found.name).toBe(command.name);
      const { positionals } = await parseFlags(found.rest, { ...command.flags, ...commonFlags(command) });
      const needed = command.positionals.filter((one) => !one.startsWith('['));
      expect(positionals.length).toBeGreaterThanOrEqual(needed.length);
      expect(positionals.length).toBeLessThanOrEqual(command.positionals.length);
    }
  });

  it('has flags of its own names, and no letter twice', () => {
    const common = Object.keys(commonFlags(command));
    expect(Object.keys(command.flags).filter((name) => common.includes(name))).toEqual([]);
    const letters = Object.values({ ...command.flags, ...commonFlags(command) }).flatMap(({ short }) => short ?? []);
    expect(new Set(letters).size).toBe(letters.length);
  });
});
