import { inLanes } from '../../async/lanes.ts';
import { accountDecider, accountStream } from '../../domain/account.ts';
import { caHost, kindOf, limitKey, limitOf } from '../../domain/caLimits.ts';
import { issuerLabelAt } from '../../domain/issuerLabel.ts';
import { fullBucket, isBlocked, percentOf } from '../../domain/limits.ts';
import type { AcmeIssuerSpec, IssuerSpec } from '../../domain/spec.ts';
import type { LimitRow } from '../../ports/limitRows.ts';
import type { Measurement } from '../../ports/metrics.ts';
import { everyRow } from '../everyRow.ts';
import { ISSUERS } from '../projections.ts';
import type { Services } from '../services.ts';
import { type BusyBuckets, busyKey, readBuckets } from './buckets.ts';

type Needs = Pick<Services, 'ledger' | 'views' | 'limits' | 'clock'>;

/** An issuer that asks a CA over ACME. `account` is absent until it is registered there. */
export interface LimitedIssuer {
  readonly owner: string;
  readonly label: string;
  readonly host: string;
  readonly spec: AcmeIssuerSpec;
  readonly account?: string;
}

/** Every ACME issuer, with its account. */
export async function acmeIssuers({ ledger, views }: Pick<Needs, 'ledger' | 'views'>): Promise<LimitedIssuer[]> {
  const found: { readonly owner: string; readonly name: string; readonly spec: AcmeIssuerSpec }[] = [];
  for await (const { owner, doc } of everyRow(views, ISSUERS)) {
    const { acme: spec } = doc.spec as IssuerSpec;
    if (spec) found.push({ owner, name: doc.name as string, spec });
  }
  return inLanes(found, async ({ owner, name, spec }) => {
    const { registered } = (await ledger.load(accountDecider, accountStream(`${owner}/${name}`))).state;
    const label = issuerLabelAt(owner, name);
    return { owner, label, host: caHost(spec.server), spec, account: registered?.url };
  });
}

/** How much of an issuer's scarcest limit is used or reserved. */
export interface IssuerUse {
  readonly issuer: string;
  /** 0 to 100. */
  readonly percent: number;
}

/**
 * The highest use over the limits of each ACME issuer that has any, or whose CA asked for patience. What this reads follows the issuers and the
 * buckets that are half used and more, and not the certificates; a bucket that is less used counts as unused, but for the account's orders.
 */
export async function limitUse(services: Needs): Promise<IssuerUse[]> {
  const { limits, clock } = services;
  const now = clock.now();
  const issuers = await acmeIssuers(services);
  const hosts = [...new Set(issuers.map(({ host }) => host))];
  const lists = new Map((await limits.read(hosts.map(busyKey))).map((row) => [row.key, row]));
  const keys = issuers.map((issuer) => keysOf(issuer, lists.get(busyKey(issuer.host))));
  const buckets = await readBuckets(services, [...new Set(keys.flat())]);
  return issuers.flatMap(({ spec, label: issuer }, index) => {
    const uses = keys[index]!.flatMap((key) => {
      const bucket = buckets.get(key) ?? fullBucket;
      const limit = limitOf(spec, key);
      if (limit) return [percentOf(limit, bucket, now)];
      return isBlocked(bucket, now) ? [100] : [];
    });
    return uses.length === 0 ? [] : [{ issuer, percent: Math.max(...uses) }];
  });
}

/** The buckets that matter to an issuer now. */
export async function busyKeysOf({ limits }: Pick<Needs, 'limits'>, issuer: LimitedIssuer): Promise<string[]> {
  const [busy] = await limits.read([busyKey(issuer.host)]);
  return keysOf(issuer, busy);
}

/** The buckets that matter to an issuer, of those of its CA that are worth a look. */
function keysOf({ host, account }: LimitedIssuer, busy: LimitRow | undefined): string[] {
  const until = (busy?.doc as BusyBuckets | undefined)?.until ?? {};
  const listed = Object.keys(until).filter((key) => !key.includes('#') && isOf(key, host, account));
  if (account === undefined) return [limitKey.ca(host), ...listed];
  const whole = [limitKey.ca(host), limitKey.account({ host, account }), limitKey.newOrders({ host, account })];
  return [...new Set([...whole, ...listed])];
}

/** Whether a bucket counts for this account: those of domains and sets count for all. */
function isOf(key: string, host: string, account: string | undefined): boolean {
  const kind = kindOf(key);
  if (kind !== 'newOrders' && kind !== 'failedValidations') return true;
  if (account === undefined) return false;
  const own = { host, account };
  return kind === 'newOrders' ? key === limitKey.newOrders(own) : key.startsWith(limitKey.failedValidations(own, ''));
}

/** Issuers with a number of their own at most: each is a custom metric to pay for. */
const MOST_ISSUERS = 20;

/** From this use on, in percent, an issuer has a number of its own. */
const SPOKEN = 50;

/** The use as metrics: the highest of all for the installation, and of the issuers those that are half way and more. */
export async function limitMetrics(
  services: Needs,
): Promise<{ readonly whole: { readonly CaRateLimitUse?: number }; readonly parts: readonly Measurement[] }> {
  const uses = (await limitUse(services)).sort((a, b) => b.percent - a.percent);
  const [most] = uses;
  const spoken = uses.slice(0, MOST_ISSUERS).filter(({ percent }) => percent >= SPOKEN);
  return {
    whole: most ? { CaRateLimitUse: most.percent } : {},
    parts: spoken.map(({ issuer, percent }) => ({ issuer, metrics: { CaRateLimitUse: percent } })),
  };
}

/** What a bucket is about, in words: a domain, or the names of a certificate; undefined for what is the account's or the whole CA's. */
export function subjectOf(key: string, names: readonly string[] = []): string | undefined {
  const kind = kindOf(key);
  const last = key.split('#')[0]!.split('/').at(-1)!;
  if (kind === 'certificatesPerIdentifierSet') return names.join(', ');
  // An IPv6 prefix ends with its length.
  if (kind === 'certificatesPerDomain') return last === '64' ? key.split('/').slice(2).join('/') : last;
  return kind === 'failedValidations' ? last : undefined;
}
