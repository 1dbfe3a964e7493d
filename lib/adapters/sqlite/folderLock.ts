import type { DatabaseSync } from 'node:sqlite';
import { translated } from './errors.ts';
import { openFile } from './file.ts';

/**
 * Takes an exclusive lock that ends with the process, however that ends: an open exclusive transaction on an empty database, which SQLite
 * makes of the operating system's own file locks. Works on every platform and leaves nothing stale behind.
 * @param file made when it is not there; it stays empty
 * @returns how to let go
 * @throws Refusal `DataFolderLocked`, `DataFolderUnreadable`
 */
export function takeLock(file: string): () => void {
  let database: DatabaseSync | undefined;
  try {
    database = openFile(file);
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE;');
  } catch (error) {
    database?.close();
    throw translated(error, file);
  }
  const held = database;
  return () => {
    if (held.isOpen) held.close();
  };
}
