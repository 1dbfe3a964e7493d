import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Refusal } from '../../domain/refusal.ts';
import { flushFailed, translated } from './errors.ts';

/** A value that SQLite keeps. */
export type Value = SQLInputValue;

interface Job {
  readonly work: () => unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Turns of the event loop that writers are waited for. */
const MOST_TURNS = 8;

/** Whoever waits for the flush under way. */
type Waiter = Pick<Job, 'reject'> & { readonly resolve: () => void };

/**
 * One connection with group commit: the writes of one turn of the event loop share one transaction, and so do those that come while a flush to
 * the disk runs: they need the next flush anyway, and every transaction writes its pages anew. A write is answered after its flush. When its
 * transaction fails, all writes of that are rejected and none of them stands.
 */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #flush: (() => Promise<void>) | undefined;
  readonly #statements = new Map<string, StatementSync>();
  #queue: Job[] = [];
  #working: Promise<void> | undefined;
  /** Readers of what is under the flush; absent while none runs. */
  #readers: Waiter[] | undefined;
  #failure: Refusal | undefined;
  #refused = false;
  #written = 0;

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
      this.#queue.push({ work, resolve, reject });
      this.#working ??= this.#work();
    });
  }

  /** Resolves when all that {@link get} and {@link all} show now is flushed; throws when that failed. */
  flushed(): Promise<void> {
    const readers = this.#readers;
    return readers ? new Promise((resolve, reject) => readers.push({ resolve, reject })) : Promise.resolve();
  }

  /** Transactions that were committed so far: while it stays, reads answer the same. */
  get written(): number {
    return this.#written;
  }

  /** Whether the last transaction failed: nothing has been written since. */
  get refused(): boolean {
    return this.#refused;
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
    await this.#working;
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#gather();
      await this.#commit(this.#queue.splice(0));
    }
    this.#working = undefined;
  }

  /** The rest of this turn's writes join, and those of the next turns as long as each brings more: a flush costs more than a few turns. */
  async #gather(): Promise<void> {
    let before: number;
    let turns = 0;
    do {
      before = this.#queue.length;
      await nextTurn();
    } while (this.#queue.length > before && ++turns < MOST_TURNS);
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    try {
      const results = this.#transaction(jobs);
      if (this.#flush) await this.#flushed(this.#flush);
      this.#refused = false;
      for (const [index, job] of jobs.entries()) job.resolve(results[index] as never);
    } catch (error) {
      this.#refused = true;
      for (const job of jobs) job.reject(error);
    }
  }

  /** Flushes what was committed, and tells those who read it meanwhile. */
  async #flushed(flush: () => Promise<void>): Promise<void> {
    const readers: Waiter[] = [];
    this.#readers = readers;
    try {
      await flush();
      for (const reader of readers) reader.resolve();
    } catch (error) {
      // The system may have dropped the pages that it could not write, so trying again would prove nothing.
      this.#failure = flushFailed(this.#file, error);
      for (const reader of readers) reader.reject(this.#failure);
      throw this.#failure;
    } finally {
      this.#readers = undefined;
    }
  }

  #transaction(jobs: readonly Job[]): unknown[] {
    this.run('BEGIN IMMEDIATE');
    try {
      const results = jobs.map((job) => job.work());
      this.run('COMMIT');
      this.#written++;
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
