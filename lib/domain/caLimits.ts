import { durationSeconds } from './duration.ts';
import type { Limit } from './limits.ts';
import { LIMIT_KINDS, type LimitKind, type SharedKind } from './rateLimits.ts';
import type { AcmeIssuerSpec } from './spec.ts';

/** What is known of a CA. */
export interface CaLimits {
  readonly limits: Readonly<Partial<Record<LimitKind, Limit>>>;
  readonly renewalsExempt: boolean;
}

const HOUR = 3600;
const WEEK = 7 * 24 * HOUR;

/** Seconds for which a CA that exempts renewals remembers an exact set of identifiers. */
export const RENEWAL_MEMORY = 120 * 24 * HOUR;

/**
 * Public CAs whose limits are known, by the host of their directory.
 * https://letsencrypt.org/docs/rate-limits/ and https://letsencrypt.org/docs/staging-environment/; staging allows 30,000 certificates a second for a
 * domain, which nobody reaches.
 */
const KNOWN: Readonly<Record<string, CaLimits>> = {
  'acme-v02.api.letsencrypt.org': {
    limits: {
      newRegistrations: { count: 10, period: 3 * HOUR },
      newOrders: { count: 300, period: 3 * HOUR },
      certificatesPerDomain: { count: 50, period: WEEK },
      certificatesPerIdentifierSet: { count: 5, period: WEEK },
      failedValidations: { count: 5, period: HOUR },
    },
    renewalsExempt: true,
  },
  'acme-staging-v02.api.letsencrypt.org': {
    limits: {
      newRegistrations: { count: 50, period: 3 * HOUR },
      newOrders: { count: 1500, period: 3 * HOUR },
      certificatesPerIdentifierSet: { count: 30_000, period: WEEK },
      failedValidations: { count: 200, period: HOUR },
    },
    renewalsExempt: true,
  },
};

const UNKNOWN: CaLimits = { limits: {}, renewalsExempt: false };

/** Which CA a directory belongs to: its host, with the port where one is written. */
export const caHost = (server: string): string => (URL.canParse(server) ? new URL(server).host : server);

/** A CA's limits as an issuer has them: what the CA is known for, changed by the issuer's own word. */
export function caLimits({ server, rateLimits }: Pick<AcmeIssuerSpec, 'server' | 'rateLimits'>): CaLimits {
  const known = KNOWN[caHost(server)] ?? UNKNOWN;
  if (!rateLimits) return known;
  if (rateLimits.none) return UNKNOWN;
  const limits: Partial<Record<LimitKind, Limit>> = { ...known.limits };
  for (const kind of LIMIT_KINDS) {
    const { none, count, period } = rateLimits[kind] ?? {};
    if (none) delete limits[kind];
    else if (count && period) limits[kind] = { count, period: durationSeconds(period)! };
  }
  return { limits, renewalsExempt: rateLimits.renewalsExempt ?? known.renewalsExempt };
}

/** A team's part of a limit; undefined when it has none of its own. A part is at least one token, and never more than the whole. */
export function teamShare(
  { rateLimits }: Pick<AcmeIssuerSpec, 'rateLimits'>,
  kind: SharedKind,
  team: string,
  whole: Limit,
): Limit | undefined {
  const shares = rateLimits?.teamShares ?? {};
  const share = Object.hasOwn(shares, team) ? shares[team]?.[kind] : undefined;
  if (share === undefined) return undefined;
  const number = Number.parseInt(share, 10);
  const wanted = share.endsWith('%') ? (whole.count * number) / 100 : number;
  return { count: Math.min(whole.count, Math.max(1, Math.floor(wanted))), period: whole.period };
}

/** Where a CA counts: which CA, for which account. */
export interface CaAccount {
  readonly host: string;
  readonly account: string;
}

/** Names of buckets. They are storage. */
export const limitKey = {
  /** The whole CA asks for patience. */
  ca: (host: string): string => `ca/${host}`,
  /** The CA asks this account for patience, whatever it wants. */
  account: ({ host, account }: CaAccount): string => `account/${host}/${account}`,
  newRegistrations: (host: string): string => `newRegistrations/${host}`,
  newOrders: ({ host, account }: CaAccount): string => `newOrders/${host}/${account}`,
  certificatesPerDomain: (host: string, domain: string): string => `certificatesPerDomain/${host}/${domain}`,
  certificatesPerIdentifierSet: (host: string, set: string): string => `certificatesPerIdentifierSet/${host}/${set}`,
  failedValidations: ({ host, account }: CaAccount, name: string): string =>
    `failedValidations/${host}/${account}/${name}`,
  /** A team's share of another bucket. */
  ofTeam: (key: string, team: string): string => `${key}#${team}`,
} as const;

/** Why an order is not counted as a new one is. */
export type Exemption = 'ari' | 'renewal';

/**
 * Which exemption a CA that knows exemptions grants. `ari`: the order names what it replaces, inside the window that the CA suggested; nothing is
 * checked. `renewal`: the CA issued for these very identifiers in the last 120 days; orders and certificates per domain are not counted.
 */
export function exemptionOf(
  { renewalsExempt }: CaLimits,
  facts: { readonly replacesInWindow: boolean; readonly issuedLately: boolean },
): Exemption | undefined {
  if (!renewalsExempt) return undefined;
  if (facts.replacesInWindow) return 'ari';
  return facts.issuedLately ? 'renewal' : undefined;
}

/**
 * The bucket that a CA's refusal speaks of, from the words that Boulder uses; undefined when they say nothing, and the whole account is meant.
 * https://github.com/letsencrypt/boulder/blob/main/ratelimits/limiter.go
 */
export function refusedKey(
  detail: string,
  { host, account }: { readonly host: string; readonly account?: string },
  set: string | undefined,
): { readonly kind: LimitKind; readonly key: string } | undefined {
  const named = /"([^"\s]{1,253})"/.exec(detail)?.[1]?.toLowerCase();
  const says = (words: RegExp): boolean => words.test(detail);
  if (says(/too many new registrations/i)) {
    return { kind: 'newRegistrations', key: limitKey.newRegistrations(host) };
  }
  if (says(/already issued for this exact set/i) && set) {
    return { kind: 'certificatesPerIdentifierSet', key: limitKey.certificatesPerIdentifierSet(host, set) };
  }
  if (says(/too many certificates .*already issued for "/i) && named) {
    return { kind: 'certificatesPerDomain', key: limitKey.certificatesPerDomain(host, named) };
  }
  if (account === undefined) return undefined;
  if (says(/too many new orders/i)) return { kind: 'newOrders', key: limitKey.newOrders({ host, account }) };
  if (says(/too many failed authorizations/i) && named) {
    return { kind: 'failedValidations', key: limitKey.failedValidations({ host, account }, named) };
  }
  return undefined;
}

/** What a bucket counts; undefined for a mere pause. */
export function kindOf(key: string): LimitKind | undefined {
  const [kind] = key.split('/', 1);
  return LIMIT_KINDS.find((one) => one === kind);
}

/** The limit of a bucket, as an issuer has it; undefined for a mere pause, and for what is not limited. */
export function limitOf(spec: Pick<AcmeIssuerSpec, 'server' | 'rateLimits'>, key: string): Limit | undefined {
  const kind = kindOf(key);
  const whole = kind && caLimits(spec).limits[kind];
  const team = key.split('#')[1];
  if (!whole || team === undefined) return whole;
  return teamShare(spec, kind as SharedKind, team, whole);
}
