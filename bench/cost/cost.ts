import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { COUNTS, type Counts } from './counts.ts';
import { type Bill, billOf, type Load, type Prices } from './model.ts';

/** Dollars a month that a thousand certificates at rest may cost. */
const REACH = 5;

const USAGE =
  'usage: npm run cost -- [--certificates N] [--lifetime DAYS] [--names N] [--destinations N] [--clusters N] [--secrets] [-o table|json] [--check]';

/** What was asked for on the command line. */
interface Asked {
  readonly load: Load;
  readonly json: boolean;
  /** Ends with exit code 1 when a thousand certificates at rest cost more than they may. */
  readonly check: boolean;
}

/** @throws Error for what is not taken */
export function asked(argv: readonly string[]): Asked {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      certificates: text,
      lifetime: text,
      names: text,
      destinations: text,
      clusters: text,
      secrets: { type: 'boolean' },
      output: { ...text, short: 'o' },
      check: { type: 'boolean' },
    },
  });
  const whole = (
    name: 'certificates' | 'lifetime' | 'names' | 'destinations' | 'clusters',
    standard: number,
    least = 1,
  ) => {
    const value = Number(values[name] ?? standard);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new Error(`--${name} must be a whole number from ${least} on`);
  };
  const { output = 'table', secrets = false, check = false } = values;
  if (output !== 'table' && output !== 'json') throw new Error('-o must be table or json');
  const load = {
    certificates: whole('certificates', 1000),
    lifetime: whole('lifetime', 90),
    names: whole('names', 1),
    destinations: whole('destinations', 1, 0),
    clusters: whole('clusters', 1, 0),
    secrets,
  };
  return { load, json: output === 'json', check };
}

const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

export const counts = (): Counts => read(COUNTS) as Counts;
export const prices = (): Prices => read(fileURLToPath(new URL('prices.json', import.meta.url))) as Prices;

const dollars = (value: number): string => value.toFixed(value === 0 || value >= 0.005 ? 2 : 4);

/** The bill as a Markdown table: by service, and what it is made of. */
export function table({ load, bill }: { readonly load: Load; readonly bill: Bill }): string {
  const { certificates, lifetime, names, destinations, clusters } = load;
  const rows = bill.lines.map(({ service, per, atRest, running }) => {
    const amounts = [atRest.dollars, atRest.afterAllowances, running.dollars, running.afterAllowances].map(dollars);
    return `| ${service} | ${per} | ${number(running.quantity)} | ${amounts.join(' | ')} |`;
  });
  const { atRest, running } = bill.total;
  const totals = [atRest.dollars, atRest.afterAllowances, running.dollars, running.afterAllowances].map(dollars);
  return [
    `${certificates} certificates of ${lifetime} days: ${Math.round(bill.renewalsAMonth)} renewals a month. Names each: ${names}; copies each: ${destinations}; clusters: ${clusters}.`,
    '',
    '| service | paid for | a month | at rest, $ | less what is free, $ | running, $ | less what is free, $ |',
    '|---|---|---:|---:|---:|---:|---:|',
    ...rows,
    `| **all** | | | ${totals.map((one) => `**${one}**`).join(' | ')} |`,
  ].join('\n');
}

const number = (value: number): string =>
  value >= 10 || Number.isInteger(value) ? Math.round(value).toLocaleString('en-US') : value.toPrecision(2);

function main(): void {
  let request: Asked;
  try {
    request = asked(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  const { load, json, check } = request;
  const [counted, priced] = [counts(), prices()];
  const bill = billOf(load, counted, priced);
  if (json) console.log(JSON.stringify({ load, counted: counted.date, prices: priced.date, ...bill }, null, 2));
  else console.log(`${table({ load, bill })}\n\nCounted on ${counted.date}, prices of ${priced.date}.`);
  if (!check) return;
  const { afterAllowances } = billOf({ ...load, certificates: 1000, secrets: false }, counted, priced).total.atRest;
  const met = afterAllowances <= REACH;
  console.error(`a thousand certificates at rest: $${dollars(afterAllowances)} of $${REACH}${met ? '' : ': too much'}`);
  if (!met) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
