import type { Instant } from '../domain/time.ts';
import type { Commit } from './eventStore.ts';

/** The two readers of the feed. */
export type Reader = 'project' | 'react';

/** Something that was given up. What it told of is not in it: the ledger has it. */
export interface DeadLetter {
  /** Names the letter to `remove` while it is hidden from others. */
  readonly receipt: string;
  /** A batch that a reader of the feed gave up; a scan that the schedule could not start; or what nobody knows. */
  readonly kind: 'feed' | 'schedule' | 'unknown';
  readonly reader?: Reader;
  /** About when the first and the last commit of the batch came into the feed; absent where it is not said. */
  readonly from?: Instant;
  readonly to?: Instant;
}

/**
 * What was given up, and the way to have it done after all. Contract:
 * - `receive` answers up to `limit` (ten at most) letters and hides them from everybody for a quarter of an hour; none when there is none.
 * - `remove` is for good; a letter that is not removed comes back.
 * - `again` hands commits to a reader, each stream's in order, and answers the streams of which it could not handle every commit. It throws
 *   when the reader itself cannot be called or breaks.
 */
export interface DeadLetters {
  receive(limit: number): Promise<DeadLetter[]>;
  remove(receipt: string): Promise<void>;
  again(reader: Reader, commits: readonly Commit[]): Promise<string[]>;
}
