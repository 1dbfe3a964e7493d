import type { Instant } from '../domain/time.ts';

/** A row of what the CAs' limits are known to stand at. `doc` is JSON. */
export interface LimitRow {
  readonly key: string;
  /** Counts the row's writes, from 1. */
  readonly version: number;
  readonly doc: object;
}

/** A row to be written. `version` is the one that was read, 0 for none. From `expires` on the row may be gone: it says nothing more. */
export interface LimitWrite extends LimitRow {
  readonly expires: Instant;
}

/** Rows that one write may have. */
export const MOST_LIMIT_ROWS = 90;

/**
 * Buckets of the CAs' limits, shared by every process of an installation. Contract: `read` sees every write that was answered before; it answers the
 * rows that there are, in any order. `write` writes all rows or none: none when one of them is no longer at the version that was read.
 */
export interface LimitRows {
  read(keys: readonly string[]): Promise<LimitRow[]>;
  /** @param rows of different keys, at most {@link MOST_LIMIT_ROWS} */
  write(rows: readonly LimitWrite[]): Promise<'written' | 'conflict'>;
}
