import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { Refusal } from '../../domain/refusal.ts';

/** One master key. `id` is 8 bytes of hex that follow from the key, so a damaged line is noticed. */
export interface MasterKey {
  readonly id: string;
  readonly key: Uint8Array;
}

const HEADER = 'chancery-master-keys v1';
const LINE = /^([0-9a-f]{16}) ([A-Za-z0-9_-]{43})$/;

/**
 * Reads a key file: a header line, then one line `<id> <key in base64url>` for each master key, the newest last.
 * @throws Refusal `KeyFileMissing`, `KeyFilePermissions` (others than the owner may read it), `KeyFileUnreadable`, `KeyFileDamaged`
 */
export function readKeyFile(path: string): MasterKey[] {
  const [header, ...lines] = readPrivate(path).trimEnd().split('\n');
  if (header !== HEADER) throw keyFileDamaged(path, `its first line is not "${HEADER}"`);
  if (lines.length === 0) throw keyFileDamaged(path, 'it holds no key');
  return lines.map((line, index) => {
    const [, id, text] = LINE.exec(line) ?? [];
    const found = text === undefined ? undefined : masterKey(Buffer.from(text, 'base64url'));
    if (found === undefined || found.id !== id) throw keyFileDamaged(path, `line ${index + 2} is not a key`);
    return found;
  });
}

/** Makes a key file with one new key, mode 0600, unless there is one already. It is whole and on the disk before it has its name. */
export function createKeyFile(path: string): void {
  const temporary = writeTemporary(path, [newMasterKey()]);
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unreadable(path, error);
  } finally {
    unlinkSync(temporary);
  }
  syncDirectory(path);
}

/**
 * Adds a new master key to a key file, the first step of rotation: from then on it wraps, and the older ones only unwrap.
 * @returns the new key's id
 */
export function addMasterKey(path: string): string {
  const added = newMasterKey();
  renameSync(writeTemporary(path, [...readKeyFile(path), added]), path);
  syncDirectory(path);
  return added.id;
}

/** Takes every master key but the newest out of a key file, the last step of rotation. */
export function dropOldMasterKeys(path: string): void {
  renameSync(writeTemporary(path, readKeyFile(path).slice(-1)), path);
  syncDirectory(path);
}

function readPrivate(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new Refusal('KeyFileMissing', `There is no key file at ${path}, and what was sealed opens with it alone.`, {
        remedy: 'Put the key file back from its backup, or name the place where it is.',
      });
    }
    throw unreadable(path, error);
  }
  try {
    const mode = fstatSync(file).mode & 0o777;
    // Windows knows no such modes; there the folder's access list protects the file.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new Refusal('KeyFilePermissions', `Others may read the key file ${path} (mode ${mode.toString(8)}).`, {
        remedy: `chmod 600 ${path}; if others did read it, rotate the master key.`,
      });
    }
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw error instanceof Refusal ? error : unreadable(path, error);
  } finally {
    closeSync(file);
  }
}

function writeTemporary(path: string, keys: readonly MasterKey[]): string {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  const lines = keys.map(({ id, key }) => `${id} ${Buffer.from(key).toString('base64url')}\n`);
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeSync(file, `${HEADER}\n${lines.join('')}`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  return temporary;
}

// A name is on the disk only when its directory is. Windows opens no directories, and needs it not.
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(dirname(path), 'r');
  fsyncSync(directory);
  closeSync(directory);
}

const newMasterKey = (): MasterKey => masterKey(randomBytes(32));

const masterKey = (key: Uint8Array): MasterKey => ({
  id: createHash('sha256').update('chancery master key id').update(key).digest('hex').slice(0, 16),
  key,
});

const keyFileDamaged = (path: string, detail: string): Refusal =>
  new Refusal('KeyFileDamaged', `The key file ${path} is damaged: ${detail}.`, {
    remedy: 'Put the key file back from its backup. What was sealed opens with it alone.',
  });

const unreadable = (path: string, error: unknown): Refusal =>
  new Refusal('KeyFileUnreadable', `The key file ${path} cannot be read or written: ${(error as Error).message}.`, {
    remedy: 'Give the user that runs Chancery access to the key file and its directory.',
  });
