import { type Instant, plusSeconds } from './time.ts';

/** A life that ended, whose keys and chains are still in the vault. */
export interface Ended {
  readonly uid: string;
  /** Its first revision, its last issued one, and the last that was begun. */
  readonly first: number;
  readonly issued: number;
  readonly last: number;
  readonly purgeAt: Instant;
}

/** What a living certificate's vault rows are judged by. */
export interface KeptKeys {
  readonly firstRevision: number;
  readonly issued?: { readonly revision: number };
  /** What was issued before. */
  readonly previousRevision?: number;
  /** The newest revision whose key is purged, with all before it. */
  readonly keysPurged?: number;
  /** Since when there are keys that nobody needs. */
  readonly keysOwedSince?: Instant;
}

/** Seconds that the keys of revisions before the last two are kept: a copy may still be on its way. */
const KEYS_KEPT = 86_400;

/** When keys that nobody needs are purged. */
export const keysPurgeDueAt = ({ keysOwedSince }: KeptKeys): Instant | undefined =>
  keysOwedSince && plusSeconds(keysOwedSince, KEYS_KEPT);

/** What follows from another issue: of each life the keys of the last two revisions that were issued stay. */
export function keysAfter(
  { issued, firstRevision, keysPurged = firstRevision - 1, keysOwedSince }: KeptKeys,
  at: Instant,
): Pick<KeptKeys, 'previousRevision' | 'keysOwedSince'> {
  if (!issued) return {};
  const owed = issued.revision - 1 > keysPurged ? (keysOwedSince ?? at) : undefined;
  return { previousRevision: issued.revision, keysOwedSince: owed };
}

/** The life of a certificate that ends. */
export const endedBy = (
  { uid, firstRevision, issued, lastRevision }: KeptKeys & { readonly uid: string; readonly lastRevision: number },
  purgeAt: Instant,
): Ended => ({
  uid,
  first: firstRevision,
  issued: issued?.revision ?? firstRevision - 1,
  last: lastRevision,
  purgeAt,
});
