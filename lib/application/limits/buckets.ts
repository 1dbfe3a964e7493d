import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { caHost, caLimits, kindOf, limitKey, RENEWAL_MEMORY } from '../../domain/caLimits.ts';
import { shortDuration } from '../../domain/duration.ts';
import type { Identifier } from '../../domain/identifier.ts';
import type { LimitReservation } from '../../domain/issuance.ts';
import { type Buckets, HELD, reserveAll, type Want } from '../../domain/limits.decide.ts';
import { type Bucket, forgettableAt, fullBucket, type Limit, percentOf, reservationOf } from '../../domain/limits.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { AcmeIssuerSpec } from '../../domain/spec.ts';
import { earliest, type Instant, instant, millis, plusSeconds } from '../../domain/time.ts';
import { type LimitRow, type LimitWrite, MOST_LIMIT_ROWS } from '../../ports/limitRows.ts';
import { ConflictError } from '../ledger.ts';
import type { Services } from '../services.ts';

type Needs = Pick<Services, 'limits' | 'clock' | 'ids'>;

/** The CA's limits, or its own word, do not allow a request before `until`. Nothing was asked. */
export class LimitReached extends Refusal {
  readonly until: Instant;
  constructor(message: string, until: Instant) {
    super('RateLimited', message);
    this.until = until;
  }
}

/** A bucket as a decision leaves it, with its limit where it has one. */
export interface Changed {
  readonly bucket: Bucket;
  readonly limit?: Limit;
}

/** What came of looking at buckets: those that change, and the answer to whoever asked. */
export interface Change<T> {
  readonly changed: ReadonlyMap<string, Changed>;
  readonly answer: T;
  /** Thrown in place of the answer, after what changes is written. */
  readonly refusal?: Refusal;
}

/** Writers of one hot bucket that are let pass before it is given up, and the longest pause between two tries in milliseconds. */
const ATTEMPTS = 12;
const LONGEST_PAUSE = 400;

/** From this use on, in percent, a bucket is listed among those of its CA that are worth a look. */
const BUSY = 50;

/** The row with the buckets of a CA that are worth a look: until when, in milliseconds since 1970. */
export const busyKey = (host: string): string => `busy/${host}`;

/** What that row holds. */
export interface BusyBuckets {
  readonly until: Readonly<Record<string, number>>;
}

/**
 * Reads the buckets of one CA, decides, and writes what changes: all of it, on what was read, or again from the start when another was first.
 * @param decide pure; may run several times
 * @throws the decision's refusal; ConflictError when others were first all the time
 */
export async function changeBuckets<T>(
  services: Needs,
  host: string,
  keys: readonly string[],
  decide: (buckets: Buckets, now: Instant) => Change<T>,
): Promise<T> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const now = services.clock.now();
    const rows = new Map((await services.limits.read([...keys, busyKey(host)])).map((row) => [row.key, row]));
    const { changed, answer, refusal } = decide(bucketsOf(rows), now);
    const writes = [...changed].map(([key, { bucket }]) => toWrite(key, rows.get(key), bucket));
    const busy = nowBusy(host, rows.get(busyKey(host)), changed, now);
    if (await written(services, busy ? [...writes, busy] : writes)) {
      if (refusal) throw refusal;
      return answer;
    }
    await sleep(services.ids.random() * Math.min(5 * 2 ** attempt, LONGEST_PAUSE));
  }
  throw new ConflictError(`the limits of ${host}: other writers were first ${ATTEMPTS} times`);
}

/** More rows than one write takes are written one part after the other: a part that stands already is found again by the next try. */
async function written({ limits }: Needs, rows: readonly LimitWrite[]): Promise<boolean> {
  for (let from = 0; from < rows.length; from += MOST_LIMIT_ROWS) {
    if ((await limits.write(rows.slice(from, from + MOST_LIMIT_ROWS))) === 'conflict') return false;
  }
  return true;
}

/** Those of the buckets that are known, by key. */
export async function readBuckets({ limits }: Pick<Services, 'limits'>, keys: readonly string[]): Promise<Buckets> {
  return bucketsOf(new Map((await limits.read(keys)).map((row) => [row.key, row])));
}

/** The rows that are buckets, by key. */
function bucketsOf(rows: ReadonlyMap<string, LimitRow>): Map<string, Bucket> {
  const buckets = [...rows].filter(([key]) => !key.startsWith('busy/'));
  return new Map(buckets.map(([key, { doc }]) => [key, doc as Bucket]));
}

function toWrite(key: string, row: LimitRow | undefined, bucket: Bucket): LimitWrite {
  const keep = kindOf(key) === 'certificatesPerIdentifierSet' ? RENEWAL_MEMORY * 1000 : 0;
  return { key, version: row?.version ?? 0, doc: bucket, expires: instant(forgettableAt(bucket, keep)) };
}

/** The list of busy buckets, when one joins it. Those whose time is over leave it then. */
function nowBusy(
  host: string,
  row: LimitRow | undefined,
  changed: ReadonlyMap<string, Changed>,
  now: Instant,
): LimitWrite | undefined {
  const listed = (row?.doc as BusyBuckets | undefined)?.until ?? {};
  const time = millis(now);
  const joins = [...changed].filter(
    ([key, { bucket, limit }]) => limit && !((listed[key] ?? 0) > time) && percentOf(limit, bucket, now) >= BUSY,
  );
  if (joins.length === 0) return undefined;
  const kept = Object.entries(listed).filter(([, until]) => until > time);
  const until = Object.fromEntries([...kept, ...joins.map(([key, { bucket }]) => [key, forgettableAt(bucket)])]);
  const last = Math.max(...Object.values<number>(until));
  return { key: busyKey(host), version: row?.version ?? 0, doc: { until }, expires: instant(last) };
}

/** A digest of the exact set of identifiers, whatever their order. */
export const setDigest = (identifiers: readonly Identifier[]): string =>
  hash('sha256', [...new Set(identifiers.map(({ value }) => value))].sort().join(',')).slice(0, 40);

/** Whether a CA's limits are known, or the issuer names some. Without any nothing is counted, and no row is written. */
export const hasLimits = (spec: Pick<AcmeIssuerSpec, 'server' | 'rateLimits'>): boolean =>
  Object.keys(caLimits(spec).limits).length > 0;

/**
 * Whether the CA has asked this installation, or this account of it, for patience.
 * @throws LimitReached while it has
 */
export async function checkPause(
  { limits, clock }: Pick<Services, 'limits' | 'clock'>,
  { server }: Pick<AcmeIssuerSpec, 'server'>,
  account?: string,
): Promise<void> {
  const host = caHost(server);
  const keys = [limitKey.ca(host), ...(account === undefined ? [] : [limitKey.account({ host, account })])];
  const rows = await limits.read(keys);
  const time = millis(clock.now());
  for (const { key, doc } of rows) {
    const { blockedUntil = 0 } = doc as Bucket;
    if (blockedUntil > time) throw limitReached({ key, take: false }, instant(blockedUntil));
  }
}

/** The refusal for a bucket that has nothing before `until`. */
const limitReached = (want: Want, until: Instant): LimitReached =>
  new LimitReached(`${limitWords(want)}; the next turn is at ${until}`, until);

/** What a bucket allows, in words. */
function limitWords({ key, limit }: Pick<Want, 'key' | 'limit'>): string {
  const [kind = '', , ...rest] = key.split('/');
  const [subject = '', team] = rest.join('/').split('#');
  const of = limit ? `${limit.count} in ${shortDuration(limit.period)}` : 'no more';
  const words: Readonly<Record<string, string>> = {
    ca: 'the CA asked for patience',
    account: 'the CA asked this account for patience',
    newRegistrations: `the CA takes new accounts: ${of}`,
    newOrders: `the CA takes new orders of one account: ${of}`,
    certificatesPerDomain: `the CA issues certificates for ${subject}: ${of}`,
    certificatesPerIdentifierSet: `the CA issues certificates for exactly these names: ${of}`,
    failedValidations: `the CA takes failed validations of ${subject.split('/').at(-1)}: ${of}`,
  };
  return `${words[kind] ?? key}${team === undefined ? '' : ` (the share of team ${team})`}`;
}

/** A bucket, or a full one. */
export const bucketIn = (buckets: Buckets, key: string): Bucket => buckets.get(key) ?? fullBucket;

/** Takes the tokens, or a place in the queue; which of them is told after the place is written. */
export function place(
  wants: readonly Want[],
  buckets: Buckets,
  id: string,
  now: Instant,
): Change<Omit<LimitReservation, 'id'>> {
  const { granted, at, scarce, changed } = reserveAll(wants, buckets, id, now);
  const limits = new Map(wants.map(({ key, limit }) => [key, limit]));
  const keys = wants.filter(({ take }) => take).map(({ key }) => key);
  const ends = keys.map((key) => reservationOf(changed.get(key) ?? bucketIn(buckets, key), id, now)?.expires);
  const expires =
    earliest(...ends.map((end) => (end === undefined ? end : instant(end)))) ?? plusSeconds(now, HELD / 1000);
  return {
    changed: new Map([...changed].map(([key, bucket]) => [key, { bucket, limit: limits.get(key) }])),
    answer: { keys, expires },
    ...(!granted && { refusal: limitReached(wants.find(({ key }) => key === scarce) ?? wants[0]!, at) }),
  };
}

/** What is spent of a reservation as the ledger has it. */
export const reservation = ({ id, expires }: LimitReservation) => ({ id, expires: millis(expires) });

export const keysOf = (wants: readonly Want[]): string[] => wants.map(({ key }) => key);

/** The buckets that `next` changes. */
export function changes(
  wants: readonly Want[],
  buckets: Buckets,
  next: (want: Want, bucket: Bucket) => Bucket,
): Map<string, Changed> {
  const changed = new Map<string, Changed>();
  for (const want of wants) {
    const before = bucketIn(buckets, want.key);
    const bucket = next(want, before);
    if (bucket !== before) changed.set(want.key, { bucket, limit: want.limit });
  }
  return changed;
}
