import { parseArgs } from 'node:util';

/** What a bench was asked for on its command line. */
export interface BenchArguments {
  /** Print the figures once more, as one JSON object on the last line. */
  readonly json: boolean;
  /** End with exit code 1 when a figure misses its reach. */
  readonly check: boolean;
  readonly rounds: number;
}

/** One figure of a bench; `reach` is the worst value that is good enough. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly reach?: { readonly atMost?: number; readonly atLeast?: number };
}

/** Reads `--json`, `--check` and `--rounds N`; others end the process with a usage line. */
export function benchArguments(defaultRounds: number): BenchArguments {
  try {
    const { values } = parseArgs({
      options: { json: { type: 'boolean' }, check: { type: 'boolean' }, rounds: { type: 'string' } },
    });
    const rounds = values.rounds === undefined ? defaultRounds : Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a positive whole number');
    return { json: values.json ?? false, check: values.check ?? false, rounds };
  } catch (error) {
    console.error(`${(error as Error).message}\nusage: [--json] [--check] [--rounds N]`);
    process.exit(2);
  }
}

/** The middle value; of an even count, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('the median of nothing');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median of a[i] / b[i]: both were measured in the same round, so that noise of the machine hits both. */
export const pairedRatio = (a: readonly number[], b: readonly number[]): number =>
  median(a.map((value, index) => value / b[index]!));

/** Milliseconds that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

/** CPU milliseconds (user and system, this process, all threads) that `work` takes. */
export async function cpuTimed(work: () => unknown): Promise<number> {
  const begin = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
}

/** Resident memory of this process in MiB. */
export const residentMiB = (): number => process.memoryUsage.rss() / 2 ** 20;

/** Rows under a header, in columns as wide as they need; numbers are aligned right. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [header, ...rows.map((row) => row.map(String))];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const right = header.map((_, column) => rows.every((row) => typeof row[column] === 'number'));
  return cells
    .map((row) =>
      widths
        .map((width, column) => {
          const cell = row[column] ?? '';
          return right[column] ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Three significant digits for small numbers, whole ones above 100. */
export const rounded = (value: number): number => (value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));

/** Whether a figure is as good as its reach; one without a reach is. */
export const reached = ({ value, reach }: Figure): boolean =>
  value <= (reach?.atMost ?? Number.POSITIVE_INFINITY) && value >= (reach?.atLeast ?? Number.NEGATIVE_INFINITY);

/**
 * Prints the figures: a table, and with `--json` one line that is a JSON object. With `--check`, a missed reach is named last and sets exit
 * code 1.
 */
export function report(title: string, figures: readonly Figure[], { json, check }: BenchArguments): void {
  console.log(`${title}\n\n${table(['figure', 'value', 'unit', 'reach'], figures.map(row))}`);
  if (json) console.log(`\n${JSON.stringify({ bench: title, node: process.version, figures })}`);
  const missed = figures.filter((figure) => !reached(figure));
  if (!check || missed.length === 0) return;
  console.error(`\nmissed: ${missed.map((figure) => figure.name).join('; ')}`);
  process.exitCode = 1;
}

function row(figure: Figure): (string | number)[] {
  const { atMost, atLeast } = figure.reach ?? {};
  const reach = atMost !== undefined ? `at most ${atMost}` : atLeast !== undefined ? `at least ${atLeast}` : '';
  return [figure.name, rounded(figure.value), figure.unit, reached(figure) ? reach : `${reach} (missed)`];
}
