import { Refusal } from '../../domain/refusal.ts';

// Primary result codes, https://www.sqlite.org/rescode.html
const SQLITE_PERM = 3;
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_AUTH = 23;
const SQLITE_NOTADB = 26;

/**
 * What SQLite threw, as a Refusal where a person can do something about it: `DataFolderDamaged`, `DataFolderUnreadable`, `DataFolderLocked`,
 * `DataFolderFull`. Anything else comes back as it is.
 * @param file the database's path, for the message
 */
export function translated(error: unknown, file: string): unknown {
  switch (primaryCode(error)) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return damaged(file, (error as Error).message);
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
      return unreadable(file, error);
    case SQLITE_BUSY:
      return new Refusal('DataFolderLocked', `${file} is in use by another program.`, {
        remedy: 'End the other program, or use another data folder.',
      });
    case SQLITE_FULL:
      return new Refusal('DataFolderFull', `Nothing was written: the disk that holds ${file} is full.`, {
        remedy: 'Free space on that disk. Nothing is lost, and work goes on by itself.',
      });
    default:
      return error;
  }
}

/** The refusal for a database file that cannot be trusted. */
export const damaged = (file: string, detail: string): Refusal =>
  new Refusal('DataFolderDamaged', `${file} is damaged: ${detail}.`, {
    remedy: 'Restore the data folder from a backup. Keep the damaged files until that is done.',
  });

/** The refusal for a file or folder that the operating system does not let us use. */
export const unreadable = (path: string, error: unknown): Refusal =>
  new Refusal(
    'DataFolderUnreadable',
    `${path} cannot be opened for reading and writing: ${(error as Error).message}.`,
    {
      remedy: 'Give the user that runs Chancery read and write access to the data folder and the files in it.',
    },
  );

/** The refusal of every write after a flush that failed: what was committed may be on the disk or not. */
export const flushFailed = (file: string, error: unknown): Refusal =>
  new Refusal('DataFolderFailed', `The disk did not confirm a write to ${file}: ${(error as Error).message}.`, {
    remedy: 'Check the disk, then start Chancery again: it goes on from what the disk has kept.',
  });

// The low byte is the primary code; the rest says more (SQLITE_IOERR_FSYNC and such).
function primaryCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}
