import { type Instant, plusSeconds } from './time.ts';

/** How a copy was found otherwise than it was delivered: it is gone, it holds something else, or it is not ours any more. */
export type Found = 'missing' | 'changed' | 'foreign';

/** What stood at a destination when somebody looked. Absent: nothing did. */
export interface SeenCopy {
  /** SHA-256 of the leaf, hex; absent where there is none or it does not parse. */
  readonly fingerprint?: string;
  /** Our mark is on it. */
  readonly ours: boolean;
  /** Names of the entries that are not as they were delivered, such as `tls.key`. */
  readonly differing: readonly string[];
}

/** How the copy differs from what was delivered; undefined where it does not. */
export function foundOf(seen: SeenCopy | undefined): Found | undefined {
  if (!seen) return 'missing';
  if (!seen.ours) return 'foreign';
  return seen.differing.length > 0 ? 'changed' : undefined;
}

/** Seconds for which drifts of one copy are counted together. */
const COUNTED_FOR = 86_400;

/** Drifts within that time that are put right at once. */
const AT_ONCE = 3;

/** Seconds of the first pause, and of the longest. */
const FIRST_PAUSE = 3600;
const LONGEST_PAUSE = 6 * 3600;

/** Of the drifts at these instants, those that still count at `at`. */
export const recentDrifts = (drifts: readonly Instant[], at: Instant): readonly Instant[] =>
  drifts.filter((drift) => drift > plusSeconds(at, -COUNTED_FOR) && drift <= at);

/**
 * Seconds to leave a copy alone that drifts again. Somebody who writes it again and again would otherwise have us write as often: three times a day
 * it is put right at once, then after an hour, two, four, and at last six.
 * @param earlier when it drifted before
 */
export function pauseAfterDrift(earlier: readonly Instant[], now: Instant): number {
  const beyond = recentDrifts(earlier, now).length - AT_ONCE;
  return beyond < 0 ? 0 : Math.min(FIRST_PAUSE * 2 ** beyond, LONGEST_PAUSE);
}

/** Code of the cause that is shown while a copy is left alone. */
export const KEEPS_CHANGING = 'KeepsChanging';
