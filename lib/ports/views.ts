import type { Instant } from '../domain/time.ts';

/** The orders of time in which rows can be read: by when a certificate is near its end, and by since when (or from when on) something is owed. */
export type WatchedTime = 'expires' | 'owed';

/** What is kept beside a row's document, so that what needs attention is found without reading everything. */
export interface Watch {
  readonly expires?: Instant;
  readonly owed?: Instant;
  /** `team/name`, or the name alone of one that is shared. */
  readonly issuer?: string;
  /** Its last turn failed. */
  readonly failing?: boolean;
}

/** A row as {@link Views.earliest} answers it. */
export interface Watched {
  readonly key: string;
  readonly owner: string;
  readonly at: Instant;
  readonly issuer?: string;
  readonly failing: boolean;
}

/** A read model's row. It belongs to one stream and carries that stream's version. `doc` is JSON. */
export interface ViewRow {
  readonly view: string;
  readonly key: string;
  readonly version: number;
  /** Team, or `-` for what is shared. */
  readonly owner: string;
  readonly doc: Readonly<Record<string, unknown>>;
  /** Not answered with the row. */
  readonly watch?: Watch;
}

export interface ViewQuery {
  readonly owner?: string;
  /** Equality on top-level members of `doc`; strings, numbers, booleans. For an array member: contains. */
  readonly where?: Readonly<Record<string, string | number | boolean>>;
  readonly after?: string;
  readonly limit: number;
}

/**
 * Read models. Contract: `put` applies only when `version` is higher than the row's (a removed row keeps its version), and answers whether
 * it did, so repeats and reordering change nothing. `list` is in order of key (byte order), after `after`, at most `limit`. `earliest` answers
 * the rows that have the time, earliest first (those of one instant in any order), those before `before`, at most `limit`; it reads little
 * more than what it answers.
 */
export interface Views {
  put(row: ViewRow): Promise<boolean>;
  remove(view: string, key: string, version: number): Promise<boolean>;
  get(view: string, key: string): Promise<ViewRow | undefined>;
  list(view: string, query: ViewQuery): Promise<ViewRow[]>;
  earliest(
    view: string,
    by: WatchedTime,
    query: { readonly before?: Instant; readonly limit: number },
  ): Promise<Watched[]>;
  count(view: string, query: Omit<ViewQuery, 'after' | 'limit'>): Promise<number>;
  /** Drops every row of every view, for a rebuild. */
  clear(): Promise<void>;
}
