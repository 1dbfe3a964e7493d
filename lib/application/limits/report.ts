import { type CaLimits, caLimits, kindOf, limitKey, limitOf, teamShare } from '../../domain/caLimits.ts';
import { shortDuration } from '../../domain/duration.ts';
import { identifiersOf } from '../../domain/identifier.ts';
import { issuerDecider, issuerStream, SHARED } from '../../domain/issuer.ts';
import { issuerPlaceOf } from '../../domain/issuerLabel.ts';
import { forecast } from '../../domain/limitForecast.ts';
import { type Bucket, fullBucket, useOf } from '../../domain/limits.ts';
import { registeredDomain, withoutWildcard } from '../../domain/names.ts';
import type { SharedKind } from '../../domain/rateLimits.ts';
import { type Instant, instant, millis } from '../../domain/time.ts';
import { issuerNotFound } from '../issuers.ts';
import type { LimitAnswer } from '../schema/limits.ts';
import type { Services } from '../services.ts';
import { readBuckets, setDigest } from './buckets.ts';
import { demandsOf, type Holder, readHolders } from './demand.ts';
import { acmeIssuers, type LimitedIssuer, subjectOf } from './use.ts';

type Needs = Pick<Services, 'ledger' | 'views' | 'limits' | 'clock'>;

/** What is asked for: `teams` whose names are shown, `*` for all; one issuer by its label (`team/name`, or the name of a shared one). */
export interface LimitQuery {
  readonly teams: readonly string[] | '*';
  readonly issuer?: string;
}

/**
 * How the limits of the CAs stand: every bucket that is in use, waited for, or will be used up within the year.
 * @returns `partial`: there are more certificates than one report looks at
 * @throws Refusal `IssuerNotFound` for an issuer that is not there, or that these teams do not see
 */
export async function limitReport(
  services: Needs,
  { teams, issuer: wanted }: LimitQuery,
): Promise<{ readonly items: readonly LimitAnswer[]; readonly partial: boolean }> {
  if (wanted !== undefined) await requireIssuer(services, wanted, teams);
  const { own, others, partial } = await readHolders(services, teams);
  const used = new Set(own.map(({ issuer }) => issuer));
  const mine = (one: LimitedIssuer): boolean => teams === '*' || teams.includes(one.owner) || used.has(one.label);
  const issuers = await acmeIssuers(services);
  const items: LimitAnswer[] = [];
  for (const issuer of issuers) {
    if ((wanted !== undefined && issuer.label !== wanted) || !mine(issuer)) continue;
    // The CA counts domains and names over all accounts, and so over all issuers that use it.
    const labels = new Set(issuers.filter(({ host }) => host === issuer.host).map(({ label }) => label));
    const atCa = (holders: readonly Holder[]) => holders.filter((holder) => labels.has(holder.issuer));
    items.push(...(await standingsOf(services, issuer, { own: atCa(own), others: atCa(others) }, teams)));
  }
  return { items, partial };
}

async function requireIssuer({ ledger }: Needs, label: string, teams: LimitQuery['teams']): Promise<void> {
  const [owner, name] = issuerPlaceOf(label);
  const seen = owner === SHARED || teams === '*' || teams.includes(owner);
  const { state } = await ledger.load(issuerDecider, issuerStream(owner, name));
  if (!seen || state.status !== 'configured') throw issuerNotFound(owner, name);
}

/** The buckets of one issuer that there is something to say of: of those that `own` touches, with what all will ask of them. */
async function standingsOf(
  services: Needs,
  issuer: LimitedIssuer,
  { own, others }: { readonly own: readonly Holder[]; readonly others: readonly Holder[] },
  teams: LimitQuery['teams'],
): Promise<LimitAnswer[]> {
  const { spec, host, account } = issuer;
  const known = caLimits(spec);
  const now = services.clock.now();
  const touched = wantedKeys(
    issuer,
    known,
    own.filter((holder) => holder.issuer === issuer.label),
  );
  const asked = wantedKeys(issuer, known, [...own, ...others]);
  const buckets = await readBuckets(services, [...touched.keys()]);
  const items = [...touched.keys()].flatMap((key) => {
    const [, team] = key.split('#');
    const seen = team === undefined || teams === '*' || teams.includes(team);
    const item = seen ? standing(key, issuer, known, buckets.get(key), asked.get(key) ?? [], now) : undefined;
    return item ? [item] : [];
  });
  const whole = [limitKey.ca(host), ...(account === undefined ? [] : [limitKey.account({ host, account })])];
  const pauses = whole.flatMap((key) => pauseOf(key, issuer, buckets.get(key), now));
  return [...pauses, ...items];
}

/** Keys of all buckets that certificates touch at the issuer's CA, each with those that will ask for its tokens. */
function wantedKeys(
  { spec, host, account, label }: LimitedIssuer,
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
    if (account !== undefined && holder.issuer === label) {
      if (limits.newOrders) shared('newOrders', limitKey.newOrders({ host, account }), holder);
      // Validations that failed hold back nobody but who is on the way.
      for (const name of limits.failedValidations && holder.underWay ? holder.dnsNames : []) {
        add(limitKey.failedValidations({ host, account }, withoutWildcard(name)));
      }
    }
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
  const demands = demandsOf(holders, renewalsExempt && !ofSet, use.reserved + use.waiting, now);
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

/** What the CA said of everything, while it holds. */
function pauseOf(key: string, { label, host }: LimitedIssuer, bucket: Bucket | undefined, now: Instant): LimitAnswer[] {
  const until = bucket?.blockedUntil ?? 0;
  if (until <= millis(now)) return [];
  const zero = { used: 0, reserved: 0, waiting: 0 };
  const subject = key.startsWith('ca/') ? 'every request' : 'every request of the account';
  return [{ issuer: label, ca: host, limit: 'pause', subject, ...zero, percent: 100, nextFree: instant(until) }];
}
