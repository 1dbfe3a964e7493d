import { GRACE } from './decider.ts';
import type { IssuedByAcme } from './issued.ts';
import type { FailureClass, Problem } from './problem.ts';
import { earliest, type Instant, plusSeconds } from './time.ts';

/**
 * Reasons as RFC 5280 5.3.1 names them, with their codes: those that say something of a certificate that serves. CAs that are trusted
 * publicly take 0, 1, 4 and 5 alone.
 */
export const REVOCATION_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
} as const satisfies Readonly<Record<string, number>>;
export type RevocationReason = keyof typeof REVOCATION_REASONS;

/** What a revocation needs to know of a certificate. */
export interface Revocable {
  readonly revision: number;
  readonly serial: string;
  readonly notAfter: Instant;
  readonly chainRef: string;
  /** The CA that is to be told, and by which account; absent when no CA tells anybody. */
  readonly acme?: IssuedByAcme;
}

/** What somebody decided. */
export interface RevocationDecision extends Revocable {
  readonly reason: RevocationReason;
  /** Whether another revision takes its place. */
  readonly replace: boolean;
  /** The key of the issued revision is known to others: no later revision has it. */
  readonly compromised?: true;
  /** The CA is not asked before. */
  readonly from?: Instant;
}

/** A revision that is to be revoked, or was. */
export interface Revocation extends RevocationDecision {
  readonly since: Instant;
  /** Refusals and failures in a row. */
  readonly failures: number;
  /** The last of them; without `retryAt` it is given up. */
  readonly failure?: { readonly class: FailureClass; readonly problem: Problem; readonly retryAt?: Instant };
  readonly revokedAt?: Instant;
}

/** When the CA is to be asked (again); undefined when it took it, or it is given up. */
export function revocationDueAt({ since, from = since, failure, revokedAt }: Revocation): Instant | undefined {
  if (revokedAt) return undefined;
  return failure ? failure.retryAt : plusSeconds(from, GRACE);
}

/** When the first of them is due. */
export const revocationsDueAt = (all: readonly Revocation[] | undefined): Instant | undefined =>
  earliest(...(all ?? []).map(revocationDueAt));

/** Whether the CA is to be asked now: what was never tried is asked at once, whoever comes first. */
export function isRevocationOwed(revocation: Revocation, now: Instant): boolean {
  const due = revocationDueAt(revocation);
  const first = revocation.from ?? revocation.since;
  return due !== undefined && (revocation.failure ? due : first) <= now;
}

/** The list with a new decision. Those of which nothing is owed any more, and that are over, drop out. */
export function withDecision(
  all: readonly Revocation[] | undefined,
  decision: RevocationDecision,
  at: Instant,
): readonly Revocation[] {
  const others = (all ?? []).filter((one) => one.revision !== decision.revision && one.notAfter > at);
  return [...others, { ...decision, since: at, failures: 0 }];
}

/** The list with one entry changed. */
export const withChange = (
  all: readonly Revocation[] | undefined,
  revision: number,
  change: (before: Revocation) => Revocation,
): readonly Revocation[] | undefined => all?.map((one) => (one.revision === revision ? change(one) : one));

/** What there is of a revision. */
export const revocationOf = (all: readonly Revocation[] | undefined, revision: number): Revocation | undefined =>
  all?.find((one) => one.revision === revision);

/** Problems after which the same request is refused again. */
const FINAL = new Set([
  'badRevocationReason',
  'malformed',
  'CertificateExpired',
  'CertificateNotKept',
  'AccountChanged',
]);

/** Whether asking again is of no use. */
export const isFinalRefusal = ({ type }: Problem): boolean => FINAL.has(type);
