import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { translated } from './errors.ts';

/** A value that SQLite keeps. */
export type Value = SQLInputValue;

interface Job {
  readonly work: () => unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One connection with group commit: the writes of one turn of the event loop share one transaction, and so one flush to the disk. A write is
 * answered after its transaction was committed. When the transaction fails, all its writes are rejected and none of them stands.
 */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #statements = new Map<string, StatementSync>();
  #queue: Job[] = [];
  #idle: (() => void)[] = [];

  /** Takes over `database`, an open one; `file` is its path, for messages. */
  constructor(database: DatabaseSync, file: string) {
    this.#database = database;
    this.#file = file;
  }

  /**
   * Runs `work` in the next shared transaction.
   * @param work synchronous, calling only {@link run}, {@link get} and {@link all} of this connection. It must not throw for reasons of its own:
   *   that would fail its neighbours in the transaction, so arguments are made ready before.
   * @returns what `work` returned, once that is durable as far as the connection's `synchronous` setting goes
   * @throws Refusal as {@link translated}
   */
  write<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#queue.length === 0) setImmediate(() => this.#flush());
      this.#queue.push({ work, resolve, reject });
    });
  }

  /** Runs a statement; answers how many rows it changed. */
  run(sql: string, ...values: Value[]): number {
    return this.#guard(() => Number(this.#prepared(sql).run(...values).changes));
  }

  /** The first row, if there is one. */
  get<Row>(sql: string, ...values: Value[]): Row | undefined {
    return this.#guard(() => this.#prepared(sql).get(...values) as Row | undefined);
  }

  /** Every row. */
  all<Row>(sql: string, ...values: Value[]): Row[] {
    return this.#guard(() => this.#prepared(sql).all(...values) as Row[]);
  }

  /** Resolves when no write waits. */
  async settled(): Promise<void> {
    if (this.#queue.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Writes what waits, and closes. */
  async close(): Promise<void> {
    await this.settled();
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #flush(): void {
    const jobs = this.#queue;
    this.#queue = [];
    try {
      const results = this.#transaction(jobs);
      for (const [index, job] of jobs.entries()) job.resolve(results[index] as never);
    } catch (error) {
      for (const job of jobs) job.reject(error);
    }
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #transaction(jobs: readonly Job[]): unknown[] {
    this.run('BEGIN IMMEDIATE');
    try {
      const results = jobs.map((job) => job.work());
      this.run('COMMIT');
      return results;
    } catch (error) {
      // A full disk or a failed flush has ended the transaction already.
      if (this.#database.isTransaction) this.run('ROLLBACK');
      throw error;
    }
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw translated(error, this.#file);
    }
  }
}
