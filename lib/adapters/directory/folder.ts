import { constants, existsSync } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, realpath } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { Refusal } from '../../domain/refusal.ts';

/** An open directory. Its entries are reached through the handle, so that nobody can put another directory in its place meanwhile. */
export interface Folder {
  /** A path to an entry, for calls of node:fs. `name` may have several segments. */
  at(name: string): string;
  /** Makes names that were added, renamed or removed durable. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Linux lets a path start at an open directory, as openat(2) does. Elsewhere the checks are the same, but a race is possible. */
const HANDLES = '/proc/self/fd';
const anchored = existsSync(HANDLES);

const FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Opens the directory at `path`, which must lie under one of `roots`, component by component and without following a symbolic link below
 * the root. Roots are the operator's and may be links.
 *
 * @param create whether missing directories below the root are made (0755)
 * @returns undefined when it is missing and not to be made
 * @throws Refusal `PathNotAllowed`, `RootMissing`, `SymlinkRefused`
 */
export async function openFolder(roots: readonly string[], path: string, create: boolean): Promise<Folder | undefined> {
  const root = rootOf(roots, path);
  const names = path
    .slice(root.length)
    .split(sep)
    .filter((name) => name !== '');
  let folder: Folder = await openRoot(root);
  for (const name of names) {
    try {
      const next = await openChild(folder, name, create);
      if (!next) {
        await folder.close();
        return undefined;
      }
      folder = await replaced(folder, next);
    } catch (error) {
      await folder.close();
      throw error;
    }
  }
  return folder;
}

async function replaced(previous: Folder, next: Folder): Promise<Folder> {
  await previous.close();
  return next;
}

/** The longest root that holds the path. The path must be in its one normal form, or one place would have many names. */
function rootOf(roots: readonly string[], path: string): string {
  const shaped = path.startsWith('/') && normalize(path) === path && (path === '/' || !path.endsWith('/'));
  if (!shaped || path.includes('\0') || path.split('/').some((name) => name.startsWith('..')))
    throw new Refusal(
      'PathNotAllowed',
      'A directory destination is an absolute path without "..", "//" or a slash at its end.',
    );
  const holding = roots
    .map((root) => (root === '/' ? '' : root.replace(/\/+$/, '')))
    .filter((root) => path === root || path.startsWith(`${root}/`))
    .sort((a, b) => b.length - a.length);
  if (holding[0] === undefined)
    throw new Refusal('PathNotAllowed', `${path} is not under a directory that the operator allowed.`);
  return holding[0];
}

async function openRoot(root: string): Promise<Folder> {
  try {
    const real = await realpath(root === '' ? '/' : root);
    return folderOf(await open(real, FLAGS), real);
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR'))
      throw new Refusal('RootMissing', `The allowed directory ${root} does not exist.`);
    throw error;
  }
}

/** Opens a directory within a folder, never through a symbolic link. */
export async function openChild(folder: Folder, name: string, create: boolean): Promise<Folder | undefined> {
  const path = folder.at(name);
  try {
    return folderOf(await open(path, FLAGS), path);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return create ? makeChild(folder, name) : undefined;
    if (!isCode(error, 'ELOOP', 'ENOTDIR')) throw error;
    if ((await lstat(path)).isSymbolicLink())
      throw new Refusal('SymlinkRefused', `The component "${name}" of the path is a symbolic link.`);
    throw new Refusal('PathNotAllowed', `The component "${name}" of the path is not a directory.`);
  }
}

async function makeChild(folder: Folder, name: string): Promise<Folder | undefined> {
  await mkdir(folder.at(name), { mode: 0o755 }).catch((error: unknown) => {
    if (!isCode(error, 'EEXIST')) throw error;
  });
  await folder.sync();
  return openChild(folder, name, false);
}

const folderOf = (handle: FileHandle, path: string): Folder => ({
  at: (name) => join(anchored ? `${HANDLES}/${handle.fd}` : path, name),
  sync: () => handle.sync(),
  close: () => handle.close(),
});

/** Whether it is a system error with one of these codes. */
export const isCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '');
