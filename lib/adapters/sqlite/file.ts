import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { unreadable } from './errors.ts';

/**
 * Opens the SQLite file, and makes it with mode 0600 when it is not there: SQLite itself would take the umask's mode. Its -wal and -shm files
 * take the mode that the file has.
 */
export function openFile(file: string): DatabaseSync {
  try {
    // Only when it is absent: to close a second descriptor of an open database would drop this process's locks on it (fcntl(2)).
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unreadable(file, error);
  }
  return new DatabaseSync(file);
}
