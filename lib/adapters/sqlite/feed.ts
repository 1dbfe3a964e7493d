import type { Feed, FeedRecord } from '../../ports/feed.ts';
import type { Database } from './database.ts';
import { type CommitRow, toCommit } from './eventStore.ts';
import { FeedConsumer } from './feedConsumer.ts';

/** How the feed goes about its work. Times in milliseconds. */
export interface FeedOptions {
  /** Records read at once. */
  readonly pageSize?: number;
  /** Pause after a handler threw; it doubles up to `longestPause` while the handler keeps throwing. */
  readonly firstPause?: number;
  readonly longestPause?: number;
  /** Between two checkpoints that are shorter than a page apart. */
  readonly checkpointEvery?: number;
  /** Hears of everything that a handler threw, and of reads and checkpoints that failed (`record` absent). */
  readonly onError?: (error: unknown, consumer: string, record?: FeedRecord) => void;
}

/**
 * Commits in the order in which they were written, to consumers in this process. Checkpoints are stored at the end of a page and, now and then,
 * when nothing waits, so after a crash the last records come again.
 */
export function sqliteFeed(database: Database, options: FeedOptions = {}): Feed {
  const settings = {
    pageSize: 256,
    firstPause: 100,
    longestPause: 30_000,
    checkpointEvery: 250,
    onError: () => {},
    ...options,
  };
  const consumers = new Map<string, FeedConsumer>();
  let unsubscribe: (() => void) | undefined;
  let stopped = false;

  async function read(after: number): Promise<readonly FeedRecord[]> {
    const rows = database.ledger.all<CommitRow>(
      'SELECT position, stream, version, body FROM commits WHERE position > ? ORDER BY position LIMIT ?',
      after,
      settings.pageSize,
    );
    // The last of them may not be on the disk yet, and nobody shall act on it until then.
    await database.ledger.flushed();
    return rows.map((row) => ({ position: row.position, commit: toCommit(row) }));
  }

  // Consumers that keep up ask for the same records, one after another: one of them reads for all.
  let latest: { readonly after: number; readonly written: number; records: Promise<readonly FeedRecord[]> } | undefined;

  const log = {
    async read(after: number): Promise<readonly FeedRecord[]> {
      const { written } = database.ledger;
      if (latest?.after !== after || latest.written !== written) latest = { after, written, records: read(after) };
      const { records } = latest;
      try {
        return await records;
      } catch (error) {
        if (latest?.records === records) latest = undefined;
        throw error;
      }
    },

    checkpoint: (consumer: string): number =>
      database.views.get<{ position: number }>('SELECT position FROM checkpoints WHERE consumer = ?', consumer)
        ?.position ?? 0,

    store: async (consumer: string, position: number): Promise<void> => {
      await database.views.write(() =>
        database.views.run(
          `INSERT INTO checkpoints (consumer, position) VALUES (?, ?)
           ON CONFLICT (consumer) DO UPDATE SET position = excluded.position`,
          consumer,
          position,
        ),
      );
    },
  };

  const end = (): number =>
    database.ledger.get<{ position: number | null }>('SELECT max(position) AS position FROM commits')?.position ?? 0;

  return {
    subscribe(consumer, handler, { lanes = 1 } = {}) {
      if (unsubscribe) throw new Error(`consumer ${consumer} came after the feed was started`);
      if (consumers.has(consumer)) throw new Error(`two consumers are named ${consumer}`);
      consumers.set(consumer, new FeedConsumer({ consumer, handler, lanes }, log, settings));
    },

    start() {
      if (unsubscribe) return;
      if (stopped) throw new Error('a feed that was stopped does not start again');
      unsubscribe = database.onAppend(() => {
        for (const consumer of consumers.values()) consumer.wake();
      });
      for (const consumer of consumers.values()) consumer.start();
    },

    async drained() {
      const position = end();
      await Promise.all([...consumers.values()].map((consumer) => consumer.reached(position)));
    },

    async stop() {
      stopped = true;
      unsubscribe?.();
      unsubscribe = undefined;
      await Promise.all([...consumers.values()].map((consumer) => consumer.stop()));
    },
  };
}
