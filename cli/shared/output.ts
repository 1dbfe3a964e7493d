import { usageError } from './errors.ts';
import { type Column, table } from './table.ts';
import { plain, type Terminal } from './terminal.ts';

/** Formats of `-o`. */
export const FORMATS = ['table', 'wide', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** The flag, for commands that show resources. */
export const OUTPUT = {
  output: { kind: 'text', short: 'o', value: 'FORMAT', help: 'table (default), wide, json or yaml.' },
} as const;

/** @throws CliError `usage` */
export function formatOf(text: string | undefined): Format {
  const format = FORMATS.find((one) => one === (text ?? 'table'));
  if (format) return format;
  throw usageError(`-o ${plain(text ?? '')}: unknown format`, `write one of ${FORMATS.join(', ')}`);
}

/** Whether a program reads the output, so that it is the service's answer and nothing else. */
export const isData = (format: Format): format is 'json' | 'yaml' => format === 'json' || format === 'yaml';

/** A value as JSON or YAML. */
export async function showData(terminal: Terminal, format: 'json' | 'yaml', value: unknown): Promise<void> {
  if (format === 'json') return terminal.print(JSON.stringify(value, null, 2));
  const { stringify } = await import('yaml');
  terminal.print(stringify(value, { lineWidth: 0 }).trimEnd());
}

/** Rows as a table, or the items as data in the shape of a list answer. */
export async function showList<T>(
  terminal: Terminal,
  format: Format,
  items: readonly T[],
  columns: readonly Column<T>[],
): Promise<void> {
  if (isData(format)) return showData(terminal, format, { items });
  const shown = columns.filter((column) => format === 'wide' || !column.wide);
  for (const line of table(items, shown, terminal.paint)) terminal.print(line);
}
