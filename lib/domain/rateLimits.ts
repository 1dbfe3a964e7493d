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
