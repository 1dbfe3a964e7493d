import { durationSeconds } from './duration.ts';
import type { Identifier } from './identifier.ts';
import type { Want } from './limits.decide.ts';
import type { Limit } from './limits.ts';
import { registeredDomain, withoutWildcard } from './names.ts';
import type { AcmeIssuerSpec } from './spec.ts';

/** What a CA counts. */
export const LIMIT_KINDS = [
  'newRegistrations',
  'newOrders',
  'certificatesPerDomain',
  'certificatesPerIdentifierSet',
  'failedValidations',
] as const;

export type LimitKind = (typeof LIMIT_KINDS)[number];

/** One limit as an issuer's spec has it: a Go duration. */
export interface LimitSpec {
  readonly count: number;
  readonly period: string;
}

/** A team's part of a bucket: a number of tokens, or `25%`. */
export type ShareSpec = number | string;

/** An issuer's word on its CA's limits. What is absent is as the CA is known for. */
export interface RateLimitsSpec {
  readonly limits?: Readonly<Partial<Record<LimitKind, LimitSpec | 'none'>>>;
  /** Whether the CA does not count the renewal of what it issued lately (orders, and certificates per domain). */
  readonly renewalsExempt?: boolean;
  /** By team, and by limit: `newOrders` and `certificatesPerDomain`. */
  readonly teamShares?: Readonly<Record<string, Readonly<Partial<Record<SharedKind, ShareSpec>>>>>;
}

/** What may be divided among teams. */
export type SharedKind = 'newOrders' | 'certificatesPerDomain';

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
  if (rateLimits === 'none') return UNKNOWN;
  const limits: Partial<Record<LimitKind, Limit>> = { ...known.limits };
  for (const kind of LIMIT_KINDS) {
    const own = rateLimits.limits?.[kind];
    if (own === 'none') delete limits[kind];
    else if (own) limits[kind] = { count: own.count, period: durationSeconds(own.period) ?? 0 };
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
  if (!rateLimits || rateLimits === 'none') return undefined;
  const shares = rateLimits.teamShares ?? {};
  const share = Object.hasOwn(shares, team) ? shares[team]?.[kind] : undefined;
  if (share === undefined) return undefined;
  const wanted = typeof share === 'number' ? share : (whole.count * Number.parseFloat(share)) / 100;
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

/** What a limit per domain counts for an identifier: its registered domain, an IPv4 address, or the /64 of an IPv6 address. */
export function domainOf({ type, value }: Identifier): string {
  if (type === 'dns') return registeredDomain(value);
  if (!value.includes(':')) return value;
  const [head = '', tail] = value.split('::');
  const groups = head === '' ? [] : head.split(':');
  const last = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - groups.length - last.length;
  return `${[...groups, ...Array<string>(zeros).fill('0'), ...last].slice(0, 4).join(':')}::/64`;
}

/** The domains of a certificate, each once. */
export const domainsOf = (identifiers: readonly Identifier[]): string[] => [...new Set(identifiers.map(domainOf))];

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

/** An order, as far as limits go. */
export interface LimitedOrder extends CaAccount {
  readonly spec: Pick<AcmeIssuerSpec, 'server' | 'rateLimits'>;
  readonly team: string;
  readonly identifiers: readonly Identifier[];
  /** A digest of the identifiers' exact set. */
  readonly set: string;
  readonly exemption?: Exemption;
}

/** What the CA counts when the order is placed. */
export function orderWants(order: LimitedOrder): Want[] {
  const { newOrders } = caLimits(order.spec).limits;
  if (!newOrders || order.exemption) return [];
  return withShare(order, 'newOrders', limitKey.newOrders(order), newOrders);
}

/** What the CA counts when the certificate is issued; it is looked at when the order is placed. */
export function certificateWants(order: LimitedOrder): Want[] {
  const { certificatesPerDomain, certificatesPerIdentifierSet } = caLimits(order.spec).limits;
  const { host, identifiers, set, exemption } = order;
  const perDomain = certificatesPerDomain && !exemption ? domainsOf(identifiers) : [];
  return [
    ...perDomain.flatMap((domain) =>
      withShare(order, 'certificatesPerDomain', limitKey.certificatesPerDomain(host, domain), certificatesPerDomain!),
    ),
    ...(certificatesPerIdentifierSet
      ? [{ key: limitKey.certificatesPerIdentifierSet(host, set), limit: certificatesPerIdentifierSet, take: true }]
      : []),
  ];
}

/** What must have a token and loses none: validations that failed. */
export function validationWants(order: LimitedOrder): Want[] {
  const limit = caLimits(order.spec).limits.failedValidations;
  if (!limit) return [];
  const names = new Set(order.identifiers.map(({ value }) => withoutWildcard(value)));
  return [...names].map((name) => ({ key: limitKey.failedValidations(order, name), limit, take: false }));
}

function withShare(order: LimitedOrder, kind: SharedKind, key: string, limit: Limit): Want[] {
  const share = teamShare(order.spec, kind, order.team, limit);
  const whole = { key, limit, take: true };
  return share ? [whole, { key: limitKey.ofTeam(key, order.team), limit: share, take: true }] : [whole];
}

/** Everything that is asked before an order is placed. With the exemption of ARI nothing is asked. */
export const wantsOf = (order: LimitedOrder): Want[] =>
  order.exemption === 'ari' ? [] : [...orderWants(order), ...certificateWants(order), ...validationWants(order)];

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
