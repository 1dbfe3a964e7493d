import type { DomainEvent } from '../domain/decider.ts';
import type { Instant } from '../domain/time.ts';

/** The events of one decision. Versions of a stream count 1, 2, 3 without gaps. */
export interface Commit {
  readonly stream: string;
  readonly version: number;
  readonly events: readonly DomainEvent[];
  /** Not before the previous commit of the stream. */
  readonly at: Instant;
  readonly actor: string;
  /** Made before the append, so that an append whose answer was lost is recognised. */
  readonly commitId: string;
  readonly correlationId: string;
  readonly causationId?: string;
  /** SHA-256 (hex) of the stream's previous commit; empty for the first. */
  readonly previousHash: string;
  readonly hash: string;
}

/** The stream's newest state: one row beside its commits. */
export interface Head {
  readonly stream: string;
  readonly version: number;
  readonly hash: string;
  readonly at: Instant;
  readonly commitId: string;
  /** JSON state as `evolve` of version `evolve` folded it. */
  readonly snapshot: { readonly evolve: number; readonly state: unknown };
  /** When the stream next owes work. Indexed. Absent: it owes none. */
  readonly dueAt?: Instant;
}

export interface DueStream {
  readonly stream: string;
  readonly version: number;
  readonly dueAt: Instant;
}

/**
 * The ledger. Contract:
 * - `append` writes commit and head in one durable transaction. It answers `conflict` and writes nothing when the stream is not at
 *   `commit.version - 1`; a commit whose `commitId` already stands at that version answers `appended` and writes nothing.
 * - `head` and `commits` read consistently: what was appended is seen. `commits` are in order of version.
 * - `due` pages by (dueAt, stream), earliest first; a stream is due from the instant `dueAt` on.
 * - `postpone` changes the index alone, and only while the stream is still at `version`; answers whether it did.
 * - a failed write (disk full, I/O) throws, and the stream is as it was. Over a network the answer alone may be what failed: whoever appends
 *   the same commit again learns which. Storage that stays too busy throws ThrottledError.
 */
export interface EventStore {
  append(commit: Commit, head: Head): Promise<'appended' | 'conflict'>;
  head(stream: string): Promise<Head | undefined>;
  commits(stream: string, after?: number, limit?: number): Promise<Commit[]>;
  due(before: Instant, limit: number, after?: DueStream): Promise<DueStream[]>;
  postpone(stream: string, version: number, dueAt: Instant): Promise<boolean>;
  /** Names of streams that start with `prefix`, in order, after `after`. */
  streams(prefix: string, limit: number, after?: string): Promise<string[]>;
}
