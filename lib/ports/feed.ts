import type { Commit } from './eventStore.ts';

/** A commit with its place in the whole ledger's order of writing. */
export interface FeedRecord {
  readonly position: number;
  readonly commit: Commit;
}

/**
 * Commits, after they were written. Contract: every consumer gets every commit at least once, each stream's in order, carrying on from its
 * stored checkpoint after a restart. A handler that throws gets the same record again (with growing pauses); records behind it wait: all of
 * them, or with `lanes` those of the same stream.
 */
export interface Feed {
  /** Before `start`. `lanes`: how many streams' records may be handled at the same time; 1 when absent. */
  subscribe(
    consumer: string,
    handler: (record: FeedRecord) => Promise<void>,
    options?: { readonly lanes?: number },
  ): void;
  /** Begins (and, after a restart, continues) to deliver. */
  start(): void;
  /** Resolves when every consumer has seen all that was appended before the call. */
  drained(): Promise<void>;
  /** Ends delivery; resolves when no handler runs. */
  stop(): Promise<void>;
}
