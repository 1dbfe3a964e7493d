import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { damaged, unreadable } from '../lib/adapters/sqlite/errors.ts';
import { takeLock } from '../lib/adapters/sqlite/folderLock.ts';
import { Refusal } from '../lib/domain/refusal.ts';
import { type Endpoint, removeEndpoint, writeEndpoint, writeWhole } from './endpoint.ts';

/** The folder's layout, as `folder.json` states it. The database counts its own schema. */
const FORMAT = 1;

const LOCK = 'lock';
const HOLDER = 'lock.json';
const DESCRIPTION = 'folder.json';
const DATABASE = 'chancery.db';
const ADMIN_TOKEN = 'admin.token';

const LOST = 'it is not there, and it was';

/**
 * An open data folder, locked by this process.
 *
 *     folder.json     layout version and instance
 *     lock, lock.json held while a process serves; who holds it
 *     chancery.db     ledger, views and sealed rows (with -wal and -shm beside it)
 *     admin.token     the administrator's token, made when the ledger knows it
 *     master.key      the key file, unless the operator keeps it elsewhere
 *     endpoint.json   where the service listens, while it does
 */
export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  /** This installation's name, 8 characters of hex, made with the folder. */
  readonly instance: string;
  readonly database: string;
  readonly keyFile: string;
  readonly adminToken: string;
  /** Tells other processes where the service listens. */
  publish(endpoint: Omit<Endpoint, 'pid'>): void;
  /** Removes the endpoint and lets go of the lock. May be called again. */
  release(): void;
}

/**
 * Opens the data folder at `path`, or makes it (mode 0700), and locks it. The lock does not outlive the process, even if that is killed.
 * @throws Refusal `DataFolderLocked` (names the process that holds it), `DataFolderNewer`, `DataFolderDamaged`, `DataFolderForeign` (a folder
 *   with other things in it), `DataFolderUnreadable`
 */
export function openDataFolder(path: string): DataFolder {
  const folder = resolve(path);
  makeFolder(folder);
  const unlock = lock(folder);
  try {
    const { instance } = description(folder);
    refuseLostLedger(folder);
    let released = false;
    // Whoever wrote an endpoint before is dead: we hold the lock.
    removeEndpoint(folder);
    return {
      path: folder,
      instance,
      database: join(folder, DATABASE),
      keyFile: join(folder, 'master.key'),
      adminToken: join(folder, ADMIN_TOKEN),
      publish: (endpoint) => writeEndpoint(folder, { ...endpoint, pid: process.pid }),
      release() {
        // Once: the next process's endpoint is not ours to remove.
        if (released) return;
        released = true;
        removeEndpoint(folder);
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error instanceof Refusal ? error : unreadable(folder, error);
  }
}

/** With its parents. Node's own way to do so never ends where a parent can be neither made nor found, as below /proc. */
function makeFolders(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(folder).isDirectory()) return;
    if (code === 'EEXIST') {
      throw new Refusal('DataFolderForeign', `${folder} is a file.`, {
        remedy: 'Name a folder, or one that does not exist yet.',
      });
    }
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error;
    makeFolders(dirname(folder));
    mkdirSync(folder, { mode: 0o700 });
  }
}

function makeFolder(folder: string): void {
  try {
    makeFolders(folder);
    const found = readdirSync(folder);
    // The lock alone: a start that was killed at once.
    if (found.includes(DESCRIPTION) || found.includes(LOCK)) return;
    // The root of a mounted volume is an empty folder too.
    const foreign = found.find((name) => name !== 'lost+found');
    if (foreign !== undefined) {
      throw new Refusal('DataFolderForeign', `${folder} holds files that are not Chancery's, such as ${foreign}.`, {
        remedy: 'Name an empty folder, or one that does not exist yet.',
      });
    }
  } catch (error) {
    throw error instanceof Refusal ? error : unreadable(folder, error);
  }
}

function lock(folder: string): () => void {
  let unlock: () => void;
  try {
    unlock = takeLock(join(folder, LOCK));
  } catch (error) {
    if (error instanceof Refusal && error.code === 'DataFolderLocked') throw locked(folder);
    throw error;
  }
  try {
    writeWhole(join(folder, HOLDER), { pid: process.pid, since: new Date().toISOString() });
    return unlock;
  } catch (error) {
    unlock();
    throw unreadable(folder, error);
  }
}

function locked(folder: string): Refusal {
  const holder = readJson(join(folder, HOLDER));
  const who = typeof holder?.pid === 'number' ? `process ${holder.pid} (since ${holder.since})` : 'another process';
  return new Refusal('DataFolderLocked', `The data folder ${folder} is in use by ${who}.`, {
    remedy: 'Talk to that service instead, end it, or use another data folder.',
  });
}

function description(folder: string): { instance: string } {
  const file = join(folder, DESCRIPTION);
  const names = readdirSync(folder);
  if (!names.includes(DESCRIPTION)) {
    // Written before the ledger: another instance's name would make strangers of all copies in clusters.
    if (names.includes(DATABASE)) throw damaged(file, LOST);
    writeWhole(file, { format: FORMAT, instance: randomBytes(4).toString('hex') });
  }
  const found = readJson(file);
  if (typeof found?.format !== 'number' || typeof found.instance !== 'string') {
    throw damaged(file, 'it does not tell layout and instance');
  }
  if (found.format > FORMAT) {
    throw new Refusal(
      'DataFolderNewer',
      `${folder} was written by a newer Chancery (format ${found.format}; this one knows ${FORMAT}).`,
      { remedy: 'Run the newer Chancery, or restore a backup from before the upgrade.' },
    );
  }
  return { instance: found.instance };
}

/** A token in the folder is on a ledger: when that is gone, a new one in its place would look as if nothing had ever been issued. */
function refuseLostLedger(folder: string): void {
  const found = readdirSync(folder);
  if (found.includes(DATABASE) || !found.includes(ADMIN_TOKEN)) return;
  throw damaged(join(folder, DATABASE), LOST);
}

function readJson(file: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    // Half a file or none is the caller's to judge; a file that may not be read is not damaged.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
