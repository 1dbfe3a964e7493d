import { closeSync, fdatasync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

/** The write-ahead log of an open database. */
export interface Log {
  /** Brings to the disk every transaction that was committed before the call, while the process goes on. */
  flush(): Promise<void>;
  close(): void;
}

/**
 * Opens the log of the database at `file`: with `synchronous=NORMAL` a commit has appended its frames to it and only the flush is missing. The log
 * is one file as long as a connection is open (it is overwritten from its beginning after a checkpoint, never replaced), and SQLite keeps no
 * locks on it that a second descriptor could disturb. https://www.sqlite.org/walformat.html
 */
export function openLog(file: string): Log {
  // Writable, because Windows flushes nothing else.
  const descriptor = openSync(`${file}-wal`, 'r+');
  if (process.platform !== 'win32') syncDirectory(dirname(file));
  const flush = promisify(fdatasync);
  return { flush: () => flush(descriptor), close: () => closeSync(descriptor) };
}

// The log was just made: its name has to be on the disk too.
function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  fsyncSync(directory);
  closeSync(directory);
}
