/** What a CA counts. */
export const LIMIT_KINDS = [
  'newRegistrations',
  'newOrders',
  'certificatesPerDomain',
  'certificatesPerIdentifierSet',
  'failedValidations',
] as const;

export type LimitKind = (typeof LIMIT_KINDS)[number];

/** One limit as an issuer's spec has it: `count` in `period` (a Go duration), or `none`. */
export interface LimitSpec {
  readonly count?: number;
  readonly period?: string;
  readonly none?: true;
}

/** What may be divided among teams. */
export const SHARED_KINDS = ['newOrders', 'certificatesPerDomain'] as const satisfies readonly LimitKind[];
export type SharedKind = (typeof SHARED_KINDS)[number];

/** A team's part of a bucket: a number of tokens (`12`), or `25%` of them. */
export type TeamShares = Readonly<Partial<Record<SharedKind, string>>>;

/** An issuer's word on its CA's limits. What is absent is as the CA is known for. */
export interface RateLimitsSpec extends Readonly<Partial<Record<LimitKind, LimitSpec>>> {
  /** Nothing is counted; what the CA itself says still holds. */
  readonly none?: true;
  /** Whether the CA does not count the renewal of what it issued lately (orders, and certificates per domain). */
  readonly renewalsExempt?: boolean;
  /** By team. */
  readonly teamShares?: Readonly<Record<string, TeamShares>>;
}
