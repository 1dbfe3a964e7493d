import { setTimeout as sleep } from 'node:timers/promises';
import { copyObserver } from '../lib/application/drift.ts';
import { projectOrPark } from '../lib/application/projections.ts';
import { react } from '../lib/application/reactions.ts';
import { rebuild, rebuildWasCut } from '../lib/application/rebuild.ts';
import { type ScanResult, scan } from '../lib/application/scan.ts';
import type { Commit } from '../lib/ports/eventStore.ts';
import type { Composed } from './compose.ts';

/** Milliseconds between scans of the due index. Embedded, a scan that finds nothing is one indexed read. */
const SCAN_EVERY = 1000;

/** Milliseconds between looks at the copies in directories of this machine. */
const LOOK_EVERY = 3_600_000;

/** Streams that are reacted to at the same time: a CA or a cluster that does not answer holds up nobody else. */
const LANES = 16;

/** Streams that are projected at the same time: issuances wait there until they are quiet, and rows of one turn share a transaction. */
const PROJECTED = 128;

/** Milliseconds that an issuance must be quiet before its row is written. It commits ten times within a second, and lists need the last. */
const QUIET = 50;

/** What goes on by itself: projections and reactions behind the feed, and the scan. */
export interface Engine {
  /** Scans now; for tests, and for whoever cannot wait. */
  scan(): Promise<ScanResult>;
  /** When the last scan ended, in milliseconds since the epoch. */
  readonly lastScan: number;
  /** Ends the timers and waits for the scan under way. */
  stop(): Promise<void>;
}

/**
 * Starts the engine. Runs that a dead process left go on at once: the data folder's lock proves that none of them lives.
 */
export async function startEngine({ services: composed, feed }: Composed): Promise<Engine> {
  const copies = copyObserver(composed);
  const services = { ...composed, copies };
  const { log } = services;
  feed.subscribe(
    'project',
    async ({ commit }) => {
      const { stream, version } = commit;
      if (!stream.startsWith('issuance/') || (await lasts(commit))) await projectOrPark(services, stream, version);
    },
    { lanes: PROJECTED },
  );
  feed.subscribe(
    'react',
    async ({ commit }) => {
      try {
        await react(services, commit);
      } catch (error) {
        // The due index holds the obligation; the scan comes back to it.
        const { stream, version } = commit;
        log.error('reaction failed', { stream, version, error: (error as Error).message });
      }
    },
    { lanes: LANES },
  );
  /** Whether no other commit of the stream follows for a moment; of that one, the feed tells as well. */
  const lasts = async ({ stream, version }: Commit): Promise<boolean> => {
    const isNewest = async () => (await services.store.head(stream))?.version === version;
    if (!(await isNewest())) return false;
    await sleep(QUIET);
    return isNewest();
  };
  if (await rebuildWasCut(services)) {
    log.warn('the views are made anew: a rebuild was cut off');
    await rebuild(services);
  }
  feed.start();
  let lastScan = 0;
  let underWay: Promise<ScanResult> | undefined;
  const run = (resume = false): Promise<ScanResult> => {
    underWay ??= scan(services, { resume }).finally(() => {
      lastScan = Date.now();
      underWay = undefined;
    });
    return underWay;
  };
  await run(true);
  const tick = (): void => void run().catch((error: Error) => log.error('scan failed', { error: error.message }));
  const timer = setInterval(tick, SCAN_EVERY);
  tick();
  let looking: Promise<void> | undefined;
  const look = (): void => {
    looking ??= copies
      .directories()
      .catch((error: Error) => log.error('drift: directories could not be looked at', { error: error.message }))
      .finally(() => {
        looking = undefined;
      });
  };
  const looks = setInterval(look, LOOK_EVERY);
  look();
  return {
    scan: () => run(),
    get lastScan() {
      return lastScan;
    },
    async stop() {
      clearInterval(timer);
      clearInterval(looks);
      await looking;
      await underWay?.catch(() => undefined);
    },
  };
}
