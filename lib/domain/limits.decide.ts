import { type Bucket, fullBucket, type Limit, nextFree, reservationOf, reserve } from './limits.ts';
import { type Instant, instant, millis } from './time.ts';

/** A bucket that an order touches. `take`: it takes a token; otherwise there must only be one, or the CA must not have asked for patience. */
export interface Want {
  readonly key: string;
  readonly limit?: Limit;
  readonly take: boolean;
}

/** Buckets by key; one that is not there is full. */
export type Buckets = ReadonlyMap<string, Bucket>;

/** What came of asking for a token of each bucket. */
export interface Place {
  /** Whether all are there now. */
  readonly granted: boolean;
  /** When they are. */
  readonly at: Instant;
  /** The bucket that is waited for. */
  readonly scarce?: string;
  /** What changed. */
  readonly changed: Buckets;
}

/** Milliseconds after which a reservation that was not used gives its token back: longer than a run takes. */
export const HELD = 2 * 3_600_000;

/** Places that a bucket keeps for those who wait. Whoever finds them taken asks again when the last of them has its turn. */
const MOST_WAITING = 500;

/** Rounds after which buckets that keep moving each other are looked at again later. */
const ROUNDS = 50;

/**
 * A token of every bucket for `id`, or of none: now, or else a place in the queue of each at the first time when all have one. Asking again keeps the
 * place, and takes the tokens when their time has come.
 */
export function reserveAll(wants: readonly Want[], buckets: Buckets, id: string, now: Instant): Place {
  const bucketOf = (key: string): Bucket => buckets.get(key) ?? fullBucket;
  const time = wants.reduce((latest, { key }) => Math.max(latest, bucketOf(key).at), millis(now));
  const { at, scarce } = commonTime(wants, bucketOf, id, now, time);
  const granted = at <= time;
  const changed = new Map<string, Bucket>();
  for (const { key, take } of wants) {
    const bucket = bucketOf(key);
    if (!take) continue;
    const known = reservationOf(bucket, id, now);
    if (known && (known.from === at || (granted && known.from <= time))) continue;
    if (!granted && !known && bucket.reservations.length >= MOST_WAITING) continue;
    changed.set(key, reserve(bucket, { id, from: at, expires: at + HELD }, now));
  }
  return { granted, at: instant(at), ...(!granted && { scarce }), changed };
}

/** The first time when every bucket has a token for `id`, and the bucket that moved it there. */
function commonTime(
  wants: readonly Want[],
  bucketOf: (key: string) => Bucket,
  id: string,
  now: Instant,
  time: number,
): { at: number; scarce?: string } {
  let at = time;
  let scarce: string | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const before = at;
    for (const { key, limit, take } of wants) {
      const free = nextFree(limit, take ? bucketOf(key) : withoutQueue(bucketOf(key)), now, id, at);
      if (free > at) [at, scarce] = [free, key];
    }
    if (at === before) break;
  }
  return { at, scarce };
}

/** Where nothing is taken nobody stands in anybody's way. */
const withoutQueue = (bucket: Bucket): Bucket => ({ ...bucket, reservations: [] });
