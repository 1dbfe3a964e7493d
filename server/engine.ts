import { project } from '../lib/application/projections.ts';
import { react } from '../lib/application/reactions.ts';
import { type ScanResult, scan } from '../lib/application/scan.ts';
import { UnknownEvent } from '../lib/domain/decider.ts';
import { RUN_CHECK } from '../lib/domain/issuance.decide.ts';
import type { Composed } from './compose.ts';

/** Milliseconds between scans of the due index. Embedded, a scan that finds nothing is one indexed read. */
const SCAN_EVERY = 1000;

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
export async function startEngine({ services, feed }: Composed): Promise<Engine> {
  const { log } = services;
  feed.subscribe('project', ({ commit }) =>
    park(commit.stream, () => project(services, commit.stream, commit.version)),
  );
  feed.subscribe('react', async ({ commit }) => {
    try {
      await react(services, commit);
    } catch (error) {
      // The due index holds the obligation; the scan comes back to it.
      log.error('reaction failed', { stream: commit.stream, version: commit.version, error: (error as Error).message });
    }
  });
  const park = async (stream: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof UnknownEvent)) throw error;
      log.error('stream parked: it holds an event of a newer release', { stream, error: error.message });
    }
  };
  feed.start();
  let lastScan = 0;
  let underWay: Promise<ScanResult> | undefined;
  const run = (ahead = 0): Promise<ScanResult> => {
    underWay ??= scan(services, ahead).finally(() => {
      lastScan = Date.now();
      underWay = undefined;
    });
    return underWay;
  };
  await run(RUN_CHECK + 1);
  const timer = setInterval(() => {
    run().catch((error: Error) => log.error('scan failed', { error: error.message }));
  }, SCAN_EVERY);
  return {
    scan: () => run(),
    get lastScan() {
      return lastScan;
    },
    async stop() {
      clearInterval(timer);
      await underWay?.catch(() => undefined);
    },
  };
}
