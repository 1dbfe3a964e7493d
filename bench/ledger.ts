import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { LONG, type RoundFigures, SHORT } from './ledgerRound.ts';
import { benchArguments, type Figure, median, pairedRatio, report } from './support.ts';

const options = benchArguments(5);
const round = (): RoundFigures =>
  JSON.parse(execFileSync(process.execPath, [join(import.meta.dirname, 'ledgerRound.ts')], { encoding: 'utf8' }));
const rounds = Array.from({ length: options.rounds }, round);
const all = (name: keyof RoundFigures): number[] => rounds.map((figures) => figures[name]);

const figures: Figure[] = [
  { name: 'flushes of 4 KiB, the disk alone', value: median(all('flushes')), unit: '/s' },
  { name: 'appends, 1 writer in sequence', value: median(all('one')), unit: '/s' },
  { name: 'appends, 10 writers', value: median(all('ten')), unit: '/s' },
  { name: 'appends, 100 writers', value: median(all('hundred')), unit: '/s' },
  { name: `load of an aggregate with ${SHORT} events`, value: median(all('short')), unit: 'µs' },
  { name: `load of an aggregate with ${LONG} events`, value: median(all('long')), unit: 'µs' },
  {
    name: 'load, long to short',
    value: pairedRatio(all('long'), all('short')),
    unit: 'times',
    reach: { atMost: 2 },
  },
  { name: 'load of one that was used just now', value: median(all('kept')), unit: 'µs' },
  { name: `fold of ${SHORT} events`, value: median(all('foldShort')), unit: 'µs' },
  { name: `fold of ${LONG} events`, value: median(all('foldLong')), unit: 'ms' },
  { name: 'commits projected to a view, 16 lanes', value: median(all('projected')), unit: '/s' },
  { name: 'resident memory after 6,300 appends', value: median(all('memory')), unit: 'MiB' },
  { name: 'resident memory after 20,000 more', value: median(all('memoryLater')), unit: 'MiB' },
];
report(`The ledger on SQLite, medians of ${options.rounds} rounds`, figures, options);
