import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DUE } from './scan/heads.ts';
import type { ScanFigures } from './scan/round.ts';
import { benchArguments, type Figure, median, pairedRatio, report } from './support.ts';

const options = benchArguments(9);
const SIZES = [10_000, 100_000, 1_000_000];

/** Of the largest installation to the smallest. Cost follows what is due, not what exists. */
const REACH = { atMost: 1.5 };

// Beside the code and not in the system's temporary folder, which may lie in memory, where a flush costs nothing.
const CACHE = join(import.meta.dirname, '../.cache');
mkdirSync(CACHE, { recursive: true });
const folder = mkdtempSync(join(CACHE, 'scan-'));
const script = (name: string): string => join(import.meta.dirname, 'scan', name);

/** Fills an installation in one process, and opens it in another: what the filling took is none of the scan's memory. */
function installation(certificates: number): ChildProcess {
  const file = join(folder, `${certificates}.db`);
  execFileSync(process.execPath, [script('fill.ts'), file, String(certificates), String(options.rounds)]);
  return fork(script('round.ts'), [file]);
}

async function scanned(child: ChildProcess, round: number): Promise<ScanFigures> {
  child.send(round);
  const answer = once(child, 'message') as Promise<[ScanFigures]>;
  const end = once(child, 'exit').then(() => Promise.reject(new Error('a scan failed')));
  return (await Promise.race([answer, end]))[0];
}

/** By size, then by round. The sizes take turns, so that what else the machine does hits them all. */
async function measure(): Promise<ScanFigures[][]> {
  const children: ChildProcess[] = [];
  try {
    for (const size of SIZES) children.push(installation(size));
    const all: ScanFigures[][] = SIZES.map(() => []);
    for (let round = 0; round < options.rounds; round++) {
      for (const [index, child] of children.entries()) all[index]!.push(await scanned(child, round));
    }
    return all;
  } finally {
    for (const child of children) child.disconnect();
    await Promise.all(children.map((child) => once(child, 'exit')));
    rmSync(folder, { recursive: true, force: true });
  }
}

const all = await measure();
const of = (index: number, member: keyof ScanFigures): number[] => all[index]!.map((figures) => figures[member]);
const units = [
  ['time', 'time of a scan', 'ms'],
  ['cpu', 'CPU of a scan', 'ms'],
  ['reads', 'rows read', 'rows'],
  ['memory', 'resident memory', 'MiB'],
] as const;
const figures: Figure[] = [
  ...SIZES.flatMap((size, index) =>
    units.map(([member, name, unit]) => ({
      name: `${size.toLocaleString('en')} certificates: ${name}`,
      value: median(of(index, member)),
      unit,
    })),
  ),
  ...units.map(([member, name]) => ({
    name: `${name}, largest to smallest`,
    value: pairedRatio(of(SIZES.length - 1, member), of(0, member)),
    unit: 'times',
    reach: REACH,
  })),
];
report(`A scan on SQLite with ${DUE} certificates due, medians of ${options.rounds} scans`, figures, options);
