import type { Instant } from './time.ts';
import { instant, millis } from './time.ts';

/** A token bucket of a CA: it holds `count` tokens and gains one every `period / count` seconds. */
export interface Limit {
  readonly count: number;
  /** Seconds in which an empty bucket is full again. */
  readonly period: number;
}

/** A token that is kept for somebody from `from` on, until it is spent, released, or `expires`. Milliseconds since 1970. */
export interface Reservation {
  readonly id: string;
  readonly from: number;
  readonly expires: number;
}

/** What we know of one bucket. All times are milliseconds since 1970. A bucket that nobody knows is full. */
export interface Bucket {
  /** The latest time at which it changed: a clock that was set back sees it as it was then. */
  readonly at: number;
  /** When it is full again. */
  readonly fullAt: number;
  /** The CA wants nothing that counts here before this time. */
  readonly blockedUntil?: number;
  /** By `from`, then by id. */
  readonly reservations: readonly Reservation[];
  /** What was counted without a reservation a short time ago, so that saying it twice counts once. */
  readonly counted?: readonly { readonly id: string; readonly until: number }[];
  /** When it was last counted. */
  readonly spentAt?: number;
}

export const fullBucket: Bucket = { at: 0, fullAt: 0, reservations: [] };

/** Milliseconds for which a count without a reservation is remembered by its id. */
const REMEMBERED = 3_600_000;

/** Milliseconds for a token. Rounded up: a hair more patience than the CA asks for, never less. */
export const refill = ({ count, period }: Limit): number => Math.ceil((period * 1000) / count);

const timeIn = (bucket: Bucket, now: Instant): number => Math.max(bucket.at, millis(now));

const live = (bucket: Bucket, time: number): readonly Reservation[] =>
  bucket.reservations.filter(({ expires }) => expires > time);

/** Tokens that the CA has at `now`, with fractions, those that are reserved among them. Negative: more was asked for than it allows. */
export function tokens(limit: Limit, bucket: Bucket, now: Instant): number {
  return limit.count - Math.max(0, bucket.fullAt - timeIn(bucket, now)) / refill(limit);
}

/** How a bucket stands, for whoever asks. */
export interface Use {
  /** Tokens that are gone, with fractions. */
  readonly used: number;
  readonly reserved: number;
  /** Reserved for later, because there is none now. */
  readonly waiting: number;
  /** When somebody new would get a token. */
  readonly nextFree: Instant;
  /** 0 to 100: how much of it is used or reserved. */
  readonly percent: number;
}

export function useOf(limit: Limit, bucket: Bucket, now: Instant): Use {
  const standing = live(bucket, timeIn(bucket, now));
  const reserved = heldNow(bucket, now);
  return {
    used: limit.count - tokens(limit, bucket, now),
    reserved,
    waiting: standing.length - reserved,
    nextFree: instant(Math.max(nextFree(limit, bucket, now), millis(now))),
    percent: percentOf(limit, bucket, now),
  };
}

/** 0 to 100: how much of a bucket is used or reserved; 100 while the CA wants nothing. */
export function percentOf(limit: Limit, bucket: Bucket, now: Instant): number {
  if (isBlocked(bucket, now)) return 100;
  const gone = limit.count - tokens(limit, bucket, now) + heldNow(bucket, now);
  return Math.min(100, Math.max(0, (gone / limit.count) * 100));
}

/** Tokens that somebody holds, and does not wait for. */
function heldNow(bucket: Bucket, now: Instant): number {
  const time = timeIn(bucket, now);
  return live(bucket, time).filter(({ from }) => from <= time).length;
}

/**
 * When a token is free for `id`, in milliseconds, no earlier than `from`: every reservation before it gets its own first. Somebody who has a place
 * keeps it: only those before that count. Without a limit only what the CA said counts.
 */
export function nextFree(limit: Limit | undefined, bucket: Bucket, now: Instant, id?: string, from = 0): number {
  const time = timeIn(bucket, now);
  const start = Math.max(time, from, bucket.blockedUntil ?? 0);
  if (!limit) return start;
  const others = ahead(live(bucket, time), id);
  for (let candidate = start; ; ) {
    const next = conflict(limit, bucket, others, Math.max(time, bucket.blockedUntil ?? 0), candidate);
    if (next === undefined) return candidate;
    candidate = next;
  }
}

/** Reservations that count before `id`: those ahead of its own, or all when it has none. */
function ahead(standing: readonly Reservation[], id: string | undefined): readonly Reservation[] {
  const own = standing.findIndex((one) => one.id === id);
  return own < 0 ? standing : standing.slice(0, own);
}

/**
 * Spends every reservation in its order, and one more at `candidate`.
 * @returns when to try instead, which is later: a token would be missing then, or for somebody after; undefined when all is well
 */
function conflict(
  limit: Limit,
  { fullAt }: Bucket,
  others: readonly Reservation[],
  start: number,
  candidate: number,
): number | undefined {
  const each = refill(limit);
  const most = each * limit.count;
  let full = fullAt;
  const spend = (at: number): boolean => {
    full = Math.max(full, at) + each;
    return full - at <= most;
  };
  let placed = false;
  for (const { from } of others) {
    if (!placed && from > candidate) {
      placed = true;
      if (!spend(candidate)) return full - most;
    }
    // Who is before us has what it has; who comes after must not lose it to us.
    if (!spend(Math.max(from, start)) && placed) return from;
  }
  return placed || spend(candidate) ? undefined : full - most;
}

/** Keeps a token for `id`, or moves its reservation. The caller asked {@link nextFree} from when. */
export function reserve(bucket: Bucket, reservation: Reservation, now: Instant): Bucket {
  const time = timeIn(bucket, now);
  const others = live(bucket, time).filter(({ id }) => id !== reservation.id);
  const reservations = [...others, reservation].sort((a, b) => a.from - b.from || (a.id < b.id ? -1 : 1));
  return { ...bucket, at: time, reservations };
}

/** The reservation that `id` has at `now`. */
export const reservationOf = (bucket: Bucket, id: string, now: Instant): Reservation | undefined =>
  live(bucket, timeIn(bucket, now)).find((one) => one.id === id);

/** Gives a token back that was not used. What was spent stays spent. */
export function release(bucket: Bucket, id: string): Bucket {
  const reservations = bucket.reservations.filter((one) => one.id !== id);
  return reservations.length === bucket.reservations.length ? bucket : { ...bucket, reservations };
}

/**
 * Counts what was reserved until `expires`. Said again it counts no more, because the reservation is gone; one that expired before it was used
 * counts when it is used after all.
 */
export function spend(
  limit: Limit,
  bucket: Bucket,
  { id, expires }: Pick<Reservation, 'id' | 'expires'>,
  now: Instant,
): Bucket {
  const time = timeIn(bucket, now);
  const reservations = bucket.reservations.filter((one) => one.id !== id);
  if (reservations.length < bucket.reservations.length) return taken(limit, { ...bucket, reservations }, time);
  return expires > time ? bucket : count(limit, bucket, id, now);
}

/** Counts what was not reserved. Said again within the hour it counts once. */
export function count(limit: Limit, bucket: Bucket, id: string, now: Instant): Bucket {
  const time = timeIn(bucket, now);
  const recent = (bucket.counted ?? []).filter(({ until }) => until > time);
  if (recent.some((one) => one.id === id)) return bucket;
  return { ...taken(limit, bucket, time), counted: [...recent, { id, until: time + REMEMBERED }] };
}

const taken = (limit: Limit, bucket: Bucket, time: number): Bucket => ({
  ...bucket,
  at: time,
  fullAt: Math.max(bucket.fullAt, time) + refill(limit),
  spentAt: time,
});

/** Takes over what the CA said: there is nothing before `until`, and then one token. Without a limit it is a pause only. */
export function correct(limit: Limit | undefined, bucket: Bucket, until: Instant, now: Instant): Bucket {
  const time = timeIn(bucket, now);
  const end = millis(until);
  if (end <= time) return bucket;
  const fullAt = limit ? end + refill(limit) * (limit.count - 1) : 0;
  return {
    ...bucket,
    at: time,
    blockedUntil: Math.max(bucket.blockedUntil ?? 0, end),
    fullAt: Math.max(bucket.fullAt, fullAt),
  };
}

/** Whether the CA said that there is nothing yet. */
export const isBlocked = (bucket: Bucket, now: Instant): boolean => (bucket.blockedUntil ?? 0) > timeIn(bucket, now);

/** Forgets what was counted and what the CA said. Who has a place keeps it. */
export function lift(bucket: Bucket, now: Instant): Bucket {
  const time = timeIn(bucket, now);
  if (bucket.fullAt <= time && (bucket.blockedUntil ?? 0) <= time) return bucket;
  const { blockedUntil: _, ...rest } = bucket;
  return { ...rest, at: time, fullAt: time };
}

/** From when on the bucket says no more than {@link fullBucket}. `keep`: milliseconds for which its last use is of interest. */
export function forgettableAt({ at, fullAt, blockedUntil, reservations, counted, spentAt }: Bucket, keep = 0): number {
  const ends = [
    ...reservations.map(({ expires }) => expires),
    ...(counted ?? []).map(({ until }) => until),
    blockedUntil ?? 0,
    spentAt === undefined ? 0 : spentAt + keep,
  ];
  return ends.reduce((latest, end) => Math.max(latest, end), Math.max(at, fullAt));
}
