import { type Bucket, fullBucket, type Limit, nextFree, refill } from './limits.ts';
import { type Instant, instant, millis } from './time.ts';

/** A certificate that will ask for a token at `first`, and from then on every so many seconds; once without `every`. */
export interface Demand {
  readonly first: Instant;
  readonly every?: number;
}

/** What is to come of a bucket. */
export interface Forecast {
  /** Tokens that the certificates ask for in a week, on average. */
  readonly perWeek: number;
  /** Tokens that the bucket gains in a week. */
  readonly allowedPerWeek: number;
  /** When the first of them will find none; absent when that does not happen within the year. */
  readonly exhausted?: { readonly at: Instant; readonly week: string };
}

const WEEK = 7 * 86_400_000;
const WEEKS = 52;

/** Requests that are looked ahead; with more of them the time that is looked at is shorter, for all of them. */
const MOST = 200_000;

/** Plays the certificates' requests of the next 52 weeks on the bucket, at the lifetimes that they have now. */
export function forecast(limit: Limit, bucket: Bucket | undefined, now: Instant, demands: readonly Demand[]): Forecast {
  const start = millis(now);
  const end = horizon(demands, start);
  const repeated = demands.reduce((sum, { every }) => sum + (every ? WEEK / 1000 / every : 0), 0);
  const base = { perWeek: rounded(repeated), allowedPerWeek: rounded(WEEK / refill(limit)) };
  const { fullAt, blockedUntil = 0, reservations: all } = bucket ?? fullBucket;
  const reservations = all.filter(({ expires }) => expires > start);
  // Somebody waits for a turn of this bucket already. Who waits has a place in all buckets, and there may be tokens in the others.
  const waiting = reservations.some(({ from }) => from > start);
  if (waiting && nextFree(limit, bucket ?? fullBucket, now) > start) return { ...base, exhausted: exhaustedAt(start) };
  const each = refill(limit);
  const most = each * limit.count;
  const asked = [...reservations.map(({ from }) => from), ...requests(demands, start, end)].sort((a, b) => a - b);
  let full = fullAt;
  for (const time of asked) {
    const at = Math.max(time, start);
    full = Math.max(full, at) + each;
    if (full - at <= most && at >= blockedUntil) continue;
    return { ...base, exhausted: exhaustedAt(at) };
  }
  return base;
}

const exhaustedAt = (time: number) => ({ at: instant(time), week: isoWeek(instant(time)) });

/** Until when everybody's requests are looked at: a year, or half of it as often as it takes. One request of each is always. */
function horizon(demands: readonly Demand[], start: number): number {
  const most = Math.max(MOST, demands.length);
  let span = WEEKS * WEEK;
  while (demands.reduce((sum, demand) => sum + requestsUntil(demand, start, start + span), 0) > most) span /= 2;
  return start + span;
}

function requestsUntil({ first, every }: Demand, start: number, end: number): number {
  const begin = Math.max(millis(first), start);
  if (begin >= end) return 0;
  return every ? Math.ceil((end - begin) / (every * 1000)) : 1;
}

function requests(demands: readonly Demand[], start: number, end: number): number[] {
  return demands.flatMap((demand) => {
    const begin = Math.max(millis(demand.first), start);
    const length = requestsUntil(demand, start, end);
    return Array.from({ length }, (_, index) => begin + index * (demand.every ?? 0) * 1000);
  });
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

/** The week of an instant as ISO 8601 names it, in UTC: `2026-W48`. Week 1 has the year's first Thursday. */
export function isoWeek(at: Instant): string {
  const day = new Date(millis(at));
  day.setUTCHours(0, 0, 0, 0);
  const thursday = new Date(day.getTime() + (4 - (day.getUTCDay() || 7)) * 86_400_000);
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = Math.floor((thursday.getTime() - first) / WEEK) + 1;
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`;
}
