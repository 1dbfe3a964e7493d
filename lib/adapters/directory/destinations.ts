import { randomUUID } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { turns } from '../../async/turns.ts';
import type { Destination, DirectoryDestination } from '../../domain/destination.ts';
import { Refusal } from '../../domain/refusal.ts';
import type {
  Destinations,
  ObservedSecret,
  PushContext,
  PushResult,
  SecretContents,
} from '../../ports/destinations.ts';
import { leafFingerprint } from '../leafFingerprint.ts';
import { failed, refused, type Unsuccessful } from '../pushResults.ts';
import { type Files, foreignNames, type Mark, removeSet, replaceSet, shownText, standingSet } from './fileSet.ts';
import { type Folder, isCode, openFolder } from './folder.ts';

/**
 * Files tls.crt, tls.key (0600) and ca.crt in a directory under one of `roots`, replaced as one set. Labels and annotations have no place
 * here. In CSR mode there is no tls.key, and one that the requester keeps there is left alone. A directory whose files somebody else made
 * is never taken over. `objectUid` is an id in our mark, `resourceVersion` names the set.
 */
export function directoryDestinations(options: { readonly roots: readonly string[] }): Destinations {
  // Two pushes at once would clean away each other's files.
  const inTurn = turns();
  const within = <T>(
    to: Destination,
    create: boolean,
    work: (folder: Folder | undefined) => Promise<T>,
  ): Promise<T> => {
    const { path } = directoryOnly(to);
    return inTurn(path, async () => {
      const folder = await openFolder(options.roots, path, create);
      try {
        return await work(folder);
      } finally {
        await folder?.close();
      }
    });
  };
  return {
    push: (to, contents, context) =>
      within(to, true, (folder) => push(folder as Folder, contents, context)).catch(outcomeOf),
    observe: (to, context, expected) =>
      within(to, false, async (folder) => (folder ? observe(folder, context, expected) : undefined)),
    withdraw: (to, context) =>
      within(to, false, async (folder) => {
        if (folder && (await mayRemove(folder, context))) await removeSet(folder);
        return { outcome: 'withdrawn' } as const;
      }).catch(outcomeOf),
  };
}

async function push(folder: Folder, contents: SecretContents, context: PushContext): Promise<PushResult> {
  const files = filesOf(contents);
  const standing = await standingSet(folder);
  const objection = standing
    ? otherInstance(standing.mark, context)
    : otherFiles(await foreignNames(folder, Object.keys(files)));
  if (objection) return objection;

  const { instance, certificate } = context;
  const mark: Mark = {
    instance,
    certificate,
    fingerprint: contents.fingerprint,
    uid: standing?.mark.uid ?? randomUUID(),
  };
  const same = standing?.whole && sameTexts(standing.files, files) && sameTexts({ ...standing.mark }, { ...mark });
  const resourceVersion = same ? standing.version : await replaceSet(folder, mark, files);
  const fingerprint = leafFingerprint((await shownText(folder, 'tls.crt')) ?? '');
  if (fingerprint !== contents.fingerprint)
    return refused('ChangedOnWrite', 'The certificate that stands there is not the one that was written.');
  return { outcome: 'confirmed', objectUid: mark.uid, resourceVersion, fingerprint };
}

async function observe(
  folder: Folder,
  context: PushContext,
  expected?: SecretContents,
): Promise<ObservedSecret | undefined> {
  const standing = await standingSet(folder);
  const text = await shownText(folder, 'tls.crt');
  const fingerprint = text === undefined ? undefined : leafFingerprint(text);
  const seen = fingerprint === undefined ? {} : { fingerprint };
  if (standing) {
    const ours = isOurs(standing.mark, context);
    const differing = expected && { differing: await differingFiles(folder, filesOf(expected)) };
    return { objectUid: standing.mark.uid, resourceVersion: standing.version, ours, ...seen, ...differing };
  }
  const file = await lstat(folder.at('tls.crt')).catch((error: unknown) => {
    if (!isCode(error, 'ENOENT')) throw error;
  });
  // A link of ours that leads nowhere is nobody's file.
  if (!file || (await foreignNames(folder, ['tls.crt'])).length === 0) return undefined;
  return { objectUid: `${file.dev}:${file.ino}`, resourceVersion: String(file.mtimeMs), ours: false, ...seen };
}

/** Names of the files that readers do not get as they shall. Whose files they are and who may read them is left to the machine's owner. */
async function differingFiles(folder: Folder, files: Files): Promise<string[]> {
  const differing: string[] = [];
  for (const [name, text] of Object.entries(files)) if ((await shownText(folder, name)) !== text) differing.push(name);
  return differing;
}

/** Whether no set stands but what is left of ours, or the standing one holds this certificate of ours. */
async function mayRemove(folder: Folder, context: PushContext): Promise<boolean> {
  const standing = await standingSet(folder);
  if (!standing) return (await foreignNames(folder, [])).length === 0;
  return isOurs(standing.mark, context) && standing.mark.certificate === context.certificate;
}

const filesOf = (contents: SecretContents): Files => ({
  'tls.crt': contents.certificate,
  ...(contents.key === undefined ? {} : { 'tls.key': contents.key }),
  ...(contents.ca === undefined ? {} : { 'ca.crt': contents.ca }),
});

const isOurs = (mark: Mark, context: PushContext): boolean => mark.instance === context.instance;

function otherInstance(mark: Mark, context: PushContext): Unsuccessful | undefined {
  if (isOurs(mark, context)) return undefined;
  return refused(
    'NotOwned',
    `The directory belongs to the Chancery installation "${mark.instance}" (certificate ${mark.certificate}): choose another path.`,
  );
}

function otherFiles(names: readonly string[]): Unsuccessful | undefined {
  if (names.length === 0) return undefined;
  return refused(
    'NotOwned',
    `The directory has files that somebody else made (${names.join(', ')}): move them away, or choose another path.`,
  );
}

const sameTexts = (a: Files, b: Files): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([name, text]) => b[name] === text);

/** What an expected error means for a delivery; anything unexpected is thrown again. Paths inside the machine stay out of messages. */
function outcomeOf(error: unknown): Unsuccessful {
  if (error instanceof Refusal) return refused(error.code, error.message);
  if (isCode(error, 'ENOSPC', 'EDQUOT', 'EFBIG'))
    return failed(
      'infrastructure',
      'DiskFull',
      'The disk has no room for the files; what stood there before still stands.',
    );
  if (isCode(error, 'EACCES', 'EPERM', 'EROFS'))
    return refused('Forbidden', 'The service may not write in that directory: give its user the right to.');
  if (isCode(error, 'ENAMETOOLONG')) return refused('PathNotAllowed', 'The path is too long.');
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code))
    return failed('infrastructure', 'WriteFailed', `The file system answered ${code}.`);
  throw error;
}

function directoryOnly(to: Destination): DirectoryDestination {
  if (to.kind === 'directory') return to;
  throw new TypeError(`not a directory destination: ${to.kind}`);
}
