import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Refusal } from '../../domain/refusal.ts';
import { flushFailed, translated } from './errors.ts';

/** A value that SQLite keeps. */
export type Value = SQLInputValue;

interface Job {
  readonly work: () => unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Jobs of one transaction that was committed, with their results. */
interface Committed {
  readonly jobs: readonly Job[];
  readonly results: readonly unknown[];
}

/**
 * One connection with group commit: the writes of one turn of the event loop share one transaction, and the transactions that were committed
 * while a flush to the disk ran share the next one. A write is answered after its flush. When its transaction fails, all writes of that are
 * rejected and none of them stands.
 */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #flush: (() => Promise<void>) | undefined;
  readonly #statements = new Map<string, StatementSync>();
  #queue: Job[] = [];
  #committed: Committed[] = [];
  #underFlush: Committed[] = [];
  #flushing: Promise<void> | undefined;
  #failure: Refusal | undefined;
  #idle: (() => void)[] = [];

  /**
   * Takes over `database`, an open one; `file` is its path, for messages.
   * @param flush brings to the disk all that was committed before the call. Without it a write is answered when it is committed.
   */
  constructor(database: DatabaseSync, file: string, flush?: () => Promise<void>) {
    this.#database = database;
    this.#file = file;
    this.#flush = flush;
  }

  /**
   * Runs `work` in the next shared transaction.
   * @param work synchronous, calling only {@link run}, {@link get} and {@link all} of this connection. It must not throw for reasons of its own:
   *   that would fail its neighbours in the transaction, so arguments are made ready before.
   * @returns what `work` returned
   * @throws Refusal as {@link translated}; `DataFolderFailed` when the flush failed. From then on reads and writes throw that too: only a restart
   *   tells what the disk has.
   */
  write<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#queue.length === 0) setImmediate(() => this.#commit());
      this.#queue.push({ work, resolve, reject });
    });
  }

  /** Resolves when all that {@link get} and {@link all} show now is flushed; throws when that failed. */
  flushed(): Promise<void> {
    if (this.#flushing === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      // What the running flush does not cover waits for the next one.
      const last = this.#committed.length > 0 ? this.#committed : this.#underFlush;
      last.push({ jobs: [{ work: () => {}, resolve, reject }], results: [undefined] });
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

  /** Writes what waits, and closes. */
  async close(): Promise<void> {
    if (this.#queue.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    await this.#flushing;
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #commit(): void {
    const jobs = this.#queue;
    this.#queue = [];
    try {
      this.#committed.push({ jobs, results: this.#transaction(jobs) });
      this.#flushing ??= this.#flushCommitted();
    } catch (error) {
      for (const job of jobs) job.reject(error);
    }
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #flushCommitted(): Promise<void> {
    while (this.#committed.length > 0) {
      this.#underFlush = this.#committed;
      this.#committed = [];
      try {
        await this.#flush?.();
        for (const { jobs, results } of this.#underFlush) {
          for (const [index, job] of jobs.entries()) job.resolve(results[index] as never);
        }
      } catch (error) {
        // The system may have dropped the pages that it could not write, so trying again would prove nothing.
        this.#failure = flushFailed(this.#file, error);
        for (const job of this.#underFlush.flatMap(({ jobs }) => jobs)) job.reject(this.#failure);
      }
    }
    this.#flushing = undefined;
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
    // What would be read may never have reached the disk.
    if (this.#failure) throw this.#failure;
    try {
      return work();
    } catch (error) {
      throw translated(error, this.#file);
    }
  }
}
