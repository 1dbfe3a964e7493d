import type { DatabaseSync } from 'node:sqlite';
import { Connection } from './connection.ts';
import { damaged, translated } from './errors.ts';
import { openFile } from './file.ts';
import { type Log, openLog } from './log.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './schema.ts';

/** Over this many pages (of 4 KiB) the whole-file check at opening is left out: it reads every page, and a start must not take minutes. */
const CHECKED_PAGES = 64 * 1024;

/**
 * An open database.
 * - `ledger`: a write is on the disk when it is answered
 * - `views`: a write survives the process but perhaps not the machine; for what can be made again
 */
export interface Database {
  readonly ledger: Connection;
  readonly views: Connection;
  /** Whether the ledger can be written. After a write that failed it is tried: nothing else may write, and a disk gets room again by itself. */
  writable(): Promise<boolean>;
  /** Tells the listeners that commits were written. */
  announce(): void;
  /** Calls `listener` after commits were written; answers how to end that. */
  onAppend(listener: () => void): () => void;
  /** Writes what waits, and closes. Nothing may be written after. */
  close(): Promise<void>;
}

/**
 * Opens the database at `file`, makes it (mode 0600) when it is not there, and brings its schema up to date. One process at a time: the data
 * folder's lock sees to that.
 * @param logOf opens the write-ahead log; another than the default is for tests
 * @throws Refusal `DataFolderNewer` (a newer program wrote it), `DataFolderDamaged`, `DataFolderUnreadable`
 */
export function openDatabase(file: string, logOf: (file: string) => Log = openLog): Database {
  let ledger: DatabaseSync | undefined;
  try {
    ledger = openFile(file);
    configure(ledger);
    check(ledger, file);
    migrate(ledger, file, MIGRATIONS);
    const views = openFile(file);
    configure(views);
    const log = logOf(file);
    return database(new Connection(ledger, file, log.flush), new Connection(views, file), log.close);
  } catch (error) {
    ledger?.close();
    throw translated(error, file);
  }
}

// NORMAL flushes the log before each checkpoint, and keeps the file whole through a loss of power. What FULL adds, a flush after each commit,
// the ledger's connection does itself (log.ts): SQLite would hold up the whole process for as long as the disk takes. A checkpoint does that too,
// so there are fewer of them than by default, at the price of a log of 16 MiB.
// https://www.sqlite.org/pragma.html#pragma_synchronous
function configure(database: DatabaseSync): void {
  database.exec(`
    PRAGMA busy_timeout = 5000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA cache_size = -8192;
    PRAGMA wal_autocheckpoint = 4000;
  `);
}

function check(database: DatabaseSync, file: string): void {
  const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number };
  if (pages > CHECKED_PAGES) return;
  const found = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
  if (found.quick_check !== 'ok') throw damaged(file, found.quick_check.replaceAll('\n', ' '));
}

function database(ledger: Connection, views: Connection, closeLog: () => void): Database {
  const listeners = new Set<() => void>();
  return {
    ledger,
    views,
    async writable() {
      if (!ledger.refused) return true;
      return ledger
        .write(() => takeRoom(ledger))
        .then(
          () => true,
          () => false,
        );
    },
    announce() {
      for (const listener of listeners) listener();
    },
    onAppend(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      await views.close();
      await ledger.close();
      closeLog();
    },
  };
}

/** Needs pages that are not there yet, and gives them back: a database that has some free would take a small write on a full disk. */
function takeRoom(ledger: Connection): void {
  ledger.run('CREATE TABLE room (octets BLOB)');
  ledger.run('INSERT INTO room VALUES (zeroblob(16384))');
  ledger.run('DROP TABLE room');
}
