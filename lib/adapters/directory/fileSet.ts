import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, readlink, rename, rm, symlink, unlink } from 'node:fs/promises';
import { type Folder, isCode, openChild } from './folder.ts';

/*
 * The layout is that of a Kubernetes volume:
 *
 *     tls.crt        -> ..data/tls.crt
 *     tls.key        -> ..data/tls.key
 *     ca.crt         -> ..data/ca.crt
 *     .chancery.json -> ..data/.chancery.json
 *     ..data         -> ..chancery-8c1f0a5be2d94e77
 *     ..chancery-8c1f0a5be2d94e77/   the files themselves
 *
 * A server reads certificate and key by two names, so both must change in one step: the one rename of `..data` replaces the whole set.
 * Renaming file by file would leave a key beside another key's certificate whenever the machine stops in between, and nothing would repair
 * it until the next push. The links are ours and lie in a directory that is ours; they are replaced, never written through.
 */

const DATA = '..data';
const NEXT = '..data.next';
const VERSION = /^\.\.chancery-([0-9a-f]{16})$/;

/** Our mark, kept within the set: who put it here, for which certificate (team/name), and an id that stays for the directory's life. */
export interface Mark {
  readonly instance: string;
  readonly certificate: string;
  readonly fingerprint: string;
  readonly uid: string;
}

const MARK = '.chancery.json';

/** Files by name, as text. */
export type Files = Readonly<Record<string, string>>;

/** Every name that a set may have. */
export const NAMES = ['tls.crt', 'tls.key', 'ca.crt'] as const;

/** The set that stands in a folder. `version` changes with every replacement. `whole`: links and modes are as we make them. */
export interface StandingSet {
  readonly version: string;
  readonly mark: Mark;
  readonly files: Files;
  readonly whole: boolean;
}

/** The set that we (any installation of Chancery) keep in the folder, or undefined when there is none. */
export async function standingSet(folder: Folder): Promise<StandingSet | undefined> {
  const target = await linkTarget(folder.at(DATA));
  const version = VERSION.exec(target ?? '')?.[1];
  if (target === undefined || version === undefined) return undefined;
  const inner = await openChild(folder, target, false);
  if (!inner) return undefined;
  try {
    const mark = parseMark(await readText(inner, MARK));
    if (!mark) return undefined;
    const texts = await Promise.all(NAMES.map(async (name) => [name, await readText(inner, name)] as const));
    const files = Object.fromEntries(
      texts.filter((entry): entry is [(typeof NAMES)[number], string] => entry[1] !== undefined),
    );
    return { version, mark, files, whole: await isWhole(folder, inner, Object.keys(files)) };
  } finally {
    await inner.close();
  }
}

/** Names in the folder, of those given, that hold something that we did not put there. Asked when no set of ours stands. */
export async function foreignNames(folder: Folder, names: readonly string[]): Promise<string[]> {
  const foreign: string[] = [];
  const target = await linkTarget(folder.at(DATA));
  if (target !== undefined && !VERSION.test(target)) foreign.push(DATA);
  for (const name of names) {
    const link = await linkTarget(folder.at(name));
    if (link !== undefined && link !== linkOf(name)) foreign.push(name);
  }
  return foreign;
}

/** Replaces the whole set. Answers the new version. */
export async function replaceSet(folder: Folder, mark: Mark, files: Files): Promise<string> {
  const version = randomBytes(8).toString('hex');
  const name = `..chancery-${version}`;
  try {
    await writeVersion(folder, name, { ...files, [MARK]: `${JSON.stringify(mark)}\n` });
    await placeLink(folder, DATA, name);
  } catch (error) {
    await rm(folder.at(name), { recursive: true, force: true });
    throw error;
  }
  for (const file of [...Object.keys(files).reverse(), MARK])
    if ((await linkTarget(folder.at(file))) !== linkOf(file)) await placeLink(folder, file, linkOf(file));
  for (const file of NAMES) if (!(file in files)) await removeLink(folder, file);
  await folder.sync();
  await removeVersions(folder, name);
  return version;
}

/** Removes links and versions. The mark goes last, so that a removal that was cut short is carried on. */
export async function removeSet(folder: Folder): Promise<void> {
  for (const file of [...NAMES, MARK]) await removeLink(folder, file);
  await removeVersions(folder, (await linkTarget(folder.at(DATA))) ?? '');
  if (VERSION.test((await linkTarget(folder.at(DATA))) ?? '')) await unlink(folder.at(DATA));
  await removeVersions(folder, '');
  await folder.sync();
}

/** The text that a reader of this name gets; undefined when there is none, or when it is behind a link that is not ours. */
export async function shownText(folder: Folder, name: string): Promise<string | undefined> {
  const link = await linkTarget(folder.at(name));
  if (link === undefined) return undefined;
  if (link === '') return readText(folder, name);
  return link === linkOf(name) ? (await standingSet(folder))?.files[name] : undefined;
}

const linkOf = (name: string): string => `${DATA}/${name}`;

/** Target of a symbolic link; empty for something that is no link; undefined for nothing. */
async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    if (isCode(error, 'EINVAL')) return '';
    throw error;
  }
}

async function writeVersion(folder: Folder, name: string, files: Files): Promise<void> {
  await mkdir(folder.at(name), { mode: 0o755 });
  for (const [file, text] of Object.entries(files)) {
    const mode = file === 'tls.key' ? 0o600 : 0o644;
    const handle = await open(folder.at(`${name}/${file}`), 'wx', mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
  const inner = await openChild(folder, name, false);
  await inner?.sync();
  await inner?.close();
}

/** Puts a symbolic link in place of whatever has the name, in one step. */
async function placeLink(folder: Folder, name: string, target: string): Promise<void> {
  await rm(folder.at(NEXT), { force: true });
  await symlink(target, folder.at(NEXT));
  await rename(folder.at(NEXT), folder.at(name));
}

async function removeLink(folder: Folder, name: string): Promise<void> {
  if ((await linkTarget(folder.at(name))) === linkOf(name)) await unlink(folder.at(name));
}

/** Removes every version but one: those that were replaced, and those that a crash left before they were in place. */
async function removeVersions(folder: Folder, keep: string): Promise<void> {
  for (const name of await readdir(folder.at('.')))
    if (VERSION.test(name) && name !== keep) await rm(folder.at(name), { recursive: true, force: true });
}

async function isWhole(folder: Folder, inner: Folder, names: readonly string[]): Promise<boolean> {
  for (const name of [...NAMES, MARK]) {
    const linked = (await linkTarget(folder.at(name))) === linkOf(name);
    if (linked !== (name === MARK || names.includes(name))) return false;
  }
  return !names.includes('tls.key') || ((await lstat(inner.at('tls.key'))).mode & 0o077) === 0;
}

async function readText(folder: Folder, name: string): Promise<string | undefined> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(folder.at(name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ELOOP')) return undefined;
    throw error;
  }
  try {
    const { size } = await handle.stat();
    return size > MAX_BYTES ? undefined : await handle.readFile('utf8');
  } catch (error) {
    if (isCode(error, 'EISDIR')) return undefined;
    throw error;
  } finally {
    await handle.close();
  }
}
/** No certificate chain is larger. */
const MAX_BYTES = 1024 * 1024;

function parseMark(text: string | undefined): Mark | undefined {
  try {
    const mark = JSON.parse(text ?? '') as Partial<Mark> | null;
    const fields = [mark?.instance, mark?.certificate, mark?.fingerprint, mark?.uid];
    return fields.every((field) => typeof field === 'string') ? (mark as Mark) : undefined;
  } catch {
    return undefined;
  }
}
