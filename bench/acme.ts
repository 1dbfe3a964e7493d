/**
 * `npm run bench:acme [-- --json --check --rounds N]`: ACME clients side by side at one kind of CA, Pebble. Each load
 * is run by every client in turn, round by round, each in a process of its own; ratios to the floor are of the same
 * round, so that the machine's noise hits both. Clients more than ten times slower than the floor run one round.
 */
import { type Client, clients, runClient } from './acme/clients.ts';
import { type Load, loads } from './acme/loads.ts';
import { STEP, type Timings } from './acme/runner.ts';
import { countRequests, withCa } from './acme/stage.ts';
import { benchArguments, type Figure, median, pairedRatio, report, rounded, table } from './support.ts';

/** What one client took on one load, a value for each round. */
interface Row {
  readonly client: string;
  readonly load: Load;
  readonly rounds: readonly Timings[];
  readonly requests: number;
}

const REQUESTS_AT_MOST = 8;
const CPU_AT_MOST = 25;
/**
 * A client this far behind the floor sleeps: its times hardly vary, and more than one round of them would cost minutes.
 */
const HOPELESS = 10;
const ENDURANCE = 1000;
const MEMORY_AT_MOST = 200;
/** Memory that was freed is not given back at once, so a small rise is no leak. */
const GROWTH_AT_MOST = 1.15;

const options = benchArguments(5);
const say = (line: string) => console.error(line);

async function measure(load: Load, all: readonly Client[]): Promise<Row[]> {
  const fit = all.filter((client) => client.unfit(load) === undefined);
  const rounds = new Map<string, Timings[]>(fit.map(({ name }) => [name, []]));
  for (let round = 1; round <= options.rounds; round++) {
    const [floor] = rounds.get('floor')!;
    for (const client of fit) {
      const [first] = rounds.get(client.name)!;
      if (first && floor && first.milliseconds > HOPELESS * floor.milliseconds) continue;
      say(`${load.name}: round ${round} of ${options.rounds}: ${client.name}`);
      rounds.get(client.name)!.push(await withCa(load, (job) => runClient(client, job)));
    }
  }
  // Counted by a few certificates one after the other, in a run that is not measured.
  const few = { ...load, certificates: Math.min(load.certificates, 5), concurrency: 1, validation: 0 };
  const rows: Row[] = [];
  for (const client of fit) {
    const requests = await countRequests(few, (job) => runClient(client, job));
    rows.push({ client: client.name, load, rounds: rounds.get(client.name)!, requests });
  }
  return rows;
}

const times = (row: Row): number[] => row.rounds.map(({ milliseconds }) => milliseconds);
const cpuEach = (row: Row): number => median(row.rounds.map((one) => one.cpuMilliseconds)) / row.load.certificates;

function printed(rows: readonly Row[]): string {
  const floor = times(rows[0]!);
  const cells = rows.map((row) => [
    row.client,
    rounded(median(times(row)) / 1000),
    rounded(pairedRatio(times(row), floor)),
    rounded(row.requests),
    rounded(cpuEach(row)),
    rounded(Math.max(...row.rounds.map(({ peakMiB }) => peakMiB))),
  ]);
  const header = ['client', 'seconds', 'x floor', 'requests each', 'CPU ms each', 'peak MiB'];
  return `${rows[0]!.load.name}\n\n${table(header, cells)}\n`;
}

/** Ours against the reach. */
function figures(rows: readonly Row[]): Figure[] {
  const { load } = rows[0]!;
  const own = rows.find(({ client }) => client === 'ours')!;
  const bulk = load.certificates > 1;
  const peers = rows.filter(({ client }) => !['floor', 'core', 'ours'].includes(client));
  const best = Math.min(...peers.map((row) => median(times(row))));
  const of = (name: string, value: number, unit: string, atMost?: number): Figure => ({
    name: `${load.name}: ${name}`,
    value,
    unit,
    ...(atMost === undefined ? {} : { reach: { atMost } }),
  });
  return [
    of('time', median(times(own)), 'ms'),
    of('ratio to the floor', pairedRatio(times(own), times(rows[0]!)), 'x', load.atMost),
    ...(peers.length > 0 ? [of('ratio to the best peer', median(times(own)) / best, 'x', bulk ? 1 : undefined)] : []),
    ...(load.namesEach === 1
      ? [of('requests a certificate', own.requests, '', bulk ? REQUESTS_AT_MOST : undefined)]
      : []),
    of('CPU a certificate', cpuEach(own), 'ms', bulk ? CPU_AT_MOST : undefined),
  ];
}

/** Memory of ours over a thousand certificates in a row: as it stood after every hundred, and how the second half compares with the first. */
async function endurance(ours: Client): Promise<Figure[]> {
  const load = { ...loads[0]!, certificates: ENDURANCE };
  const title = `${ENDURANCE.toLocaleString('en')} certificates in a row`;
  say(`${title}: ours`);
  const { peakMiB, residentMiB: steps = [], cpuMilliseconds } = await withCa(load, (job) => runClient(ours, job));
  const half = steps.length / 2;
  const growth = Math.max(...steps.slice(half)) / Math.max(...steps.slice(0, half));
  const figure = (name: string, value: number, unit: string, atMost?: number): Figure => ({
    name: `${title}: ${name}`,
    value,
    unit,
    ...(atMost === undefined ? {} : { reach: { atMost } }),
  });
  return [
    ...steps.map((value, index) => figure(`resident memory after ${(index + 1) * STEP}`, value, 'MiB')),
    figure('peak memory', peakMiB, 'MiB', MEMORY_AT_MOST),
    figure('resident memory, the second half to the first', growth, 'x', GROWTH_AT_MOST),
    figure('CPU a certificate', cpuMilliseconds / ENDURANCE, 'ms', CPU_AT_MOST),
  ];
}

const all = await clients(say);
const found: Figure[] = [];
for (const load of loads) {
  const rows = await measure(load, all);
  console.log(`\n${printed(rows)}`);
  found.push(...figures(rows));
}
found.push(...(await endurance(all.find(({ name }) => name === 'ours')!)));
report('ACME: request to certificate', found, options);
