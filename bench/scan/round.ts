import { openDatabase } from '../../lib/adapters/sqlite/database.ts';
import { sqliteEventStore } from '../../lib/adapters/sqlite/eventStore.ts';
import { Ledger } from '../../lib/application/ledger.ts';
import { type ScanResult, scan } from '../../lib/application/scan.ts';
import type { Services } from '../../lib/application/services.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { plusSeconds } from '../../lib/domain/time.ts';
import type { EventStore } from '../../lib/ports/eventStore.ts';
import { systemIds } from '../../server/system.ts';
import { cpuTimed, residentMiB, timed } from '../support.ts';
import { APART, DUE, START, streamOf } from './heads.ts';

/** What one scan took. */
export interface ScanFigures {
  /** Milliseconds. */
  readonly time: number;
  /** Milliseconds of CPU. */
  readonly cpu: number;
  /** Rows that it read: of the due index, and heads. */
  readonly reads: number;
  /** Resident memory after it, in MiB. */
  readonly memory: number;
}

/** The store, and how many rows were read through it. */
function counted(store: EventStore): { readonly store: EventStore; rows: number } {
  const counter = {
    rows: 0,
    store: {
      ...store,
      async due(...args: Parameters<EventStore['due']>) {
        const rows = await store.due(...args);
        counter.rows += rows.length;
        return rows;
      },
      async head(stream: string) {
        counter.rows++;
        return store.head(stream);
      },
      async commits(...args: Parameters<EventStore['commits']>) {
        const rows = await store.commits(...args);
        counter.rows += rows.length;
        return rows;
      },
    },
  };
  return counter;
}

const database = openDatabase(process.argv[2]!);
const counter = counted(sqliteEventStore(database));
let now = START;
const clock = { now: () => now };
const log = { info() {}, warn() {}, error: console.error };
const ledger = new Ledger(counter.store, clock, systemIds);
const services = { store: counter.store, ledger, clock, ids: systemIds, log } as unknown as Services;

/** Scans once, at the time of this round, when {@link DUE} certificates are due. */
async function measure(round: number): Promise<ScanFigures> {
  now = plusSeconds(START, round * APART);
  const before = counter.rows;
  let result: ScanResult | undefined;
  let cpu = 0;
  const time = await timed(async () => {
    cpu = await cpuTimed(async () => {
      result = await scan(services, { perSecond: Number.POSITIVE_INFINITY, turns: { take: async () => 0 } });
    });
  });
  if (result?.due !== DUE || result.failed > 0) throw new Error(`a scan did ${JSON.stringify(result)}`);
  const reads = counter.rows - before;
  await assertRenewing();
  return { time, cpu, reads, memory: residentMiB() };
}

/** A scan that does nothing would be fast. */
async function assertRenewing(): Promise<void> {
  const { state } = await ledger.load(certificateDecider, streamOf(0));
  if (state.status !== 'live' || state.issuing?.reason !== 'Expiring') throw new Error('the first one is not renewed');
}

process.on('message', (round: number) => {
  measure(round).then(
    (figures) => process.send!(figures),
    (error: Error) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => void database.close());
