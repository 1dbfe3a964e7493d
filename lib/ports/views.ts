/** A read model's row. It belongs to one stream and carries that stream's version. `doc` is JSON. */
export interface ViewRow {
  readonly view: string;
  readonly key: string;
  readonly version: number;
  /** Team, or `-` for what is shared. */
  readonly owner: string;
  readonly doc: Readonly<Record<string, unknown>>;
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
 * it did, so repeats and reordering change nothing. `list` is in order of key (byte order), after `after`, at most `limit`.
 */
export interface Views {
  put(row: ViewRow): Promise<boolean>;
  remove(view: string, key: string, version: number): Promise<boolean>;
  get(view: string, key: string): Promise<ViewRow | undefined>;
  list(view: string, query: ViewQuery): Promise<ViewRow[]>;
  count(view: string, query: Omit<ViewQuery, 'after' | 'limit'>): Promise<number>;
  /** Drops every row of every view, for a rebuild. */
  clear(): Promise<void>;
}
