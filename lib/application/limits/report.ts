import { type CaLimits, caLimits, kindOf, limitKey, limitOf, teamShare } from '../../domain/caLimits.ts';
import { shortDuration } from '../../domain/duration.ts';
import { identifiersOf } from '../../domain/identifier.ts';
import { issuerLabel } from '../../domain/issuerLabel.ts';
import { type Demand, forecast } from '../../domain/limitForecast.ts';
import { type Bucket, fullBucket, useOf } from '../../domain/limits.ts';
import { registeredDomain } from '../../domain/names.ts';
import type { SharedKind } from '../../domain/rateLimits.ts';
import { type Instant, instant, millis, secondsBetween } from '../../domain/time.ts';
import type { ViewRow } from '../../ports/views.ts';
import { CERTIFICATES } from '../projections.ts';
import type { LimitAnswer } from '../schema/limits.ts';
import type { Services } from '../services.ts';
import { bucketsOf, setDigest } from './buckets.ts';
import { acmeIssuers, type LimitedIssuer, subjectOf } from './use.ts';

type Needs = Pick<Services, 'ledger' | 'views' | 'limits' | 'clock'>;

/** Certificates that one report looks at. */
const MOST = 20_000;
const PAGE = 500;

/** What is asked for: `teams` whose names are shown, `*` for all; one issuer by its label (`team/name`, or the name of a shared one). */
export interface LimitQuery {
  readonly teams: readonly string[] | '*';
  readonly issuer?: string;
}

/** A certificate, as far as limits go. */
interface Holder {
  readonly team: string;
  readonly issuer: string;
  readonly dnsNames: readonly string[];
  readonly notBefore?: Instant;
  readonly renewalTime?: Instant;
}

/**
 * How the limits of the CAs stand: every bucket that is in use, waited for, or will be used up within the year.
 * @returns `partial`: there are more certificates than one report looks at
 */
export async function limitReport(
  services: Needs,
  { teams, issuer: wanted }: LimitQuery,
): Promise<{ readonly items: readonly LimitAnswer[]; readonly partial: boolean }> {
  const { holders, partial } = await readHolders(services, teams);
  const used = new Set(holders.map(({ issuer }) => issuer));
  const mine = (one: LimitedIssuer): boolean => teams === '*' || teams.includes(one.owner) || used.has(one.label);
  const issuers = (await acmeIssuers(services)).filter(
    (one) => (wanted === undefined || one.label === wanted) && mine(one),
  );
  const items: LimitAnswer[] = [];
  for (const issuer of issuers) items.push(...(await standingsOf(services, issuer, holders, teams)));
  return { items, partial };
}

async function readHolders(
  { views }: Needs,
  teams: LimitQuery['teams'],
): Promise<{ holders: Holder[]; partial: boolean }> {
  const holders: Holder[] = [];
  for (const owner of teams === '*' ? [undefined] : teams) {
    for (let after: string | undefined; ; ) {
      const rows = await views.list(CERTIFICATES, { owner, after, limit: PAGE });
      holders.push(...rows.map(toHolder));
      if (holders.length >= MOST) return { holders: holders.slice(0, MOST), partial: true };
      if (rows.length < PAGE) break;
      after = rows.at(-1)!.key;
    }
  }
  return { holders, partial: false };
}

function toHolder({ owner, doc }: ViewRow): Holder {
  const { dnsNames, issuerName, issuerKind, notBefore, renewalTime } = doc as Record<string, never>;
  const issuer = issuerLabel(owner, { name: issuerName!, kind: issuerKind! });
  return { team: owner, issuer, dnsNames: dnsNames ?? [], notBefore, renewalTime };
}

/** The buckets of one issuer that there is something to say of. */
async function standingsOf(
  services: Needs,
  issuer: LimitedIssuer,
  holders: readonly Holder[],
  teams: LimitQuery['teams'],
): Promise<LimitAnswer[]> {
  const { spec, host, account } = issuer;
  const known = caLimits(spec);
  const now = services.clock.now();
  const own = holders.filter((holder) => holder.issuer === issuer.label);
  const asked = wantedKeys(issuer, known, own);
  const rows = await services.limits.read([...asked.keys()]);
  const buckets = bucketsOf(new Map(rows.map((row) => [row.key, row])));
  const items = [...asked].flatMap(([key, who]) => {
    const [, team] = key.split('#');
    const seen = team === undefined || teams === '*' || teams.includes(team);
    const item = seen ? standing(key, issuer, known, buckets.get(key), who, now) : undefined;
    return item ? [item] : [];
  });
  const whole = [limitKey.ca(host), ...(account === undefined ? [] : [limitKey.account({ host, account })])];
  const pauses = whole.flatMap((key) => pauseOf(key, issuer, buckets.get(key), now));
  return [...pauses, ...items];
}

/** Keys of all buckets that the issuer's certificates touch, each with those that will ask for its tokens. */
function wantedKeys(
  { spec, host, account }: LimitedIssuer,
  { limits }: CaLimits,
  holders: readonly Holder[],
): Map<string, readonly Holder[]> {
  const keys = new Map<string, Holder[]>([[limitKey.ca(host), []]]);
  const add = (key: string, holder?: Holder): void => {
    const standing = keys.get(key) ?? [];
    keys.set(key, standing);
    if (holder) standing.push(holder);
  };
  const shared = (kind: SharedKind, key: string, holder: Holder): void => {
    add(key, holder);
    if (teamShare(spec, kind, holder.team, limits[kind]!)) add(limitKey.ofTeam(key, holder.team), holder);
  };
  if (limits.newRegistrations) add(limitKey.newRegistrations(host));
  if (account !== undefined) {
    add(limitKey.account({ host, account }));
    if (limits.newOrders) add(limitKey.newOrders({ host, account }));
  }
  for (const holder of holders) {
    const names = [...new Set(holder.dnsNames.map(registeredDomain))];
    if (limits.newOrders && account !== undefined) shared('newOrders', limitKey.newOrders({ host, account }), holder);
    if (limits.certificatesPerDomain) {
      for (const name of names) shared('certificatesPerDomain', limitKey.certificatesPerDomain(host, name), holder);
    }
    if (limits.certificatesPerIdentifierSet) {
      const identifiers = identifiersOf({ dnsNames: holder.dnsNames, ipAddresses: [] });
      add(limitKey.certificatesPerIdentifierSet(host, setDigest(identifiers)), holder);
    }
  }
  return keys;
}

/** From this share of a bucket on the exact set of a single certificate is worth a line. */
const SET_PERCENT = 40;

function standing(
  key: string,
  { spec, label, host }: LimitedIssuer,
  { renewalsExempt }: CaLimits,
  bucket: Bucket | undefined,
  holders: readonly Holder[],
  now: Instant,
): LimitAnswer | undefined {
  const kind = kindOf(key);
  const limit = limitOf(spec, key);
  if (!kind || !limit) return undefined;
  const use = useOf(limit, bucket ?? fullBucket, now);
  const ofSet = kind === 'certificatesPerIdentifierSet';
  const demands = holders.flatMap((holder) => demandOf(holder, renewalsExempt && !ofSet, now));
  const ahead = forecast(limit, bucket, now, demands);
  const spoken = use.waiting > 0 || ahead.exhausted !== undefined || use.percent >= (ofSet ? SET_PERCENT : 1);
  if (!spoken && kind !== 'newOrders') return undefined;
  const [, team] = key.split('#');
  const subject = subjectOf(key, holders[0]?.dnsNames);
  return {
    issuer: label,
    ca: host,
    limit: kind,
    ...(subject !== undefined && { subject }),
    ...(team !== undefined && { team }),
    count: limit.count,
    period: shortDuration(limit.period),
    used: rounded(use.used),
    reserved: use.reserved,
    waiting: use.waiting,
    percent: rounded(use.percent),
    nextFree: use.nextFree,
    forecast: ahead,
  };
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

/** When a certificate asks for its next tokens. A renewal that the CA does not count asks for none. */
function demandOf({ notBefore, renewalTime }: Holder, exempt: boolean, now: Instant): Demand[] {
  if (!notBefore || !renewalTime) return [{ first: now }];
  if (exempt) return [];
  return [{ first: renewalTime, every: Math.max(60, secondsBetween(notBefore, renewalTime)) }];
}

/** What the CA said of everything, while it holds. */
function pauseOf(key: string, { label, host }: LimitedIssuer, bucket: Bucket | undefined, now: Instant): LimitAnswer[] {
  const until = bucket?.blockedUntil ?? 0;
  if (until <= millis(now)) return [];
  const zero = { used: 0, reserved: 0, waiting: 0 };
  const subject = key.startsWith('ca/') ? 'every request' : 'every request of the account';
  return [{ issuer: label, ca: host, limit: 'pause', subject, ...zero, percent: 100, nextFree: instant(until) }];
}
