import { start } from './cli.ts';

/** One command of a transcript and what it answers. */
export interface Step {
  readonly line: number;
  readonly command: string;
  readonly expected: readonly string[];
}

/**
 * Reads a transcript: `$ COMMAND`, then the lines of both its outputs, then `[exit N]` unless it is 0. `#` begins a remark at the start of a
 * line; empty lines between commands do not count. In an answer, `{time}`, `{age}`, `{hex}`, `{id}` and `{dir}` stand for what differs between runs, and `{...}` for
 * the rest of a line.
 */
export function readTranscript(text: string): Step[] {
  const steps: { line: number; command: string; expected: string[] }[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.startsWith('$ ')) steps.push({ line: index + 1, command: line.slice(2), expected: [] });
    else if (!line.startsWith('#')) steps.at(-1)?.expected.push(line);
  });
  return steps.map((step) => ({ ...step, expected: trimmed(step.expected) }));
}

function trimmed(lines: readonly string[]): string[] {
  const end = lines.findLastIndex((line) => line.trim() !== '');
  return lines.slice(0, end + 1);
}

/** Runs a command in a shell. @returns its lines, those that fit replaced by what was expected, so that a comparison shows the others */
export async function runStep({ command, expected }: Step, env: Readonly<Record<string, string>>): Promise<string[]> {
  const { all, code } = await start('/bin/sh', ['-c', `{ ${command}\n} 2>&1`], env).ended;
  const lines = trimmed([...all.split('\n'), ...(code === 0 ? [] : [`[exit ${code}]`])].filter(notTrailing));
  return lines.map((line, index) => {
    const wanted = expected[index];
    return wanted !== undefined && pattern(wanted, env).test(line) ? wanted : line;
  });
}

/** The output ends with a line break, which begins no line. */
const notTrailing = (line: string, index: number, all: readonly string[]): boolean =>
  line !== '' || all.slice(index + 1).some((later) => later !== '' && !later.startsWith('[exit '));

const KINDS: Readonly<Record<string, string>> = {
  '{time}': String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`,
  '{hex}': '[0-9a-f]+',
  '{id}': '[0-9a-f-]+',
  '{age}': String.raw`\d+[smhd]`,
  '{...}': '.*',
};

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function pattern(wanted: string, { DIR = '' }: Readonly<Record<string, string>>): RegExp {
  const parts = wanted.split(/(\{(?:time|hex|id|age|dir|\.\.\.)\})/);
  const source = parts.map((part) => (part === '{dir}' ? escaped(DIR) : (KINDS[part] ?? escaped(part))));
  return new RegExp(`^${source.join('')}$`);
}
