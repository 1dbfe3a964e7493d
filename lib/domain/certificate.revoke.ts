import { type CertificateEvent, type CertificateState, isKeyCompromised, type LiveCertificate } from './certificate.ts';
import { backoffSeconds, type Failure, withJitter } from './problem.ts';
import { Refusal } from './refusal.ts';
import { isFinalRefusal, type RevocationDecision, revocationOf } from './revocation.ts';
import { type Instant, later, plusSeconds } from './time.ts';

/** Commands that revoke. */
export type RevocationCommand =
  /** Has a revision revoked. The same again changes nothing, unless it was refused. */
  | ({ readonly type: 'RequestRevocation' } & RevocationDecision)
  /** The CA took it, or there is none to ask. */
  | { readonly type: 'RecordRevoked'; readonly revision: number }
  /** It did not, after `after` failures before; `random` in [0, 1) spreads the retries. */
  | {
      readonly type: 'RecordRevocationFailure';
      readonly revision: number;
      readonly after: number;
      readonly failure: Failure;
      readonly random: number;
    };

/** @throws Refusal `NotIssued`, `CertificateExpired` */
export function requestRevocation(
  { type: _, ...decision }: Extract<RevocationCommand, { type: 'RequestRevocation' }>,
  state: LiveCertificate,
  now: Instant,
): readonly CertificateEvent[] {
  const { revision, reason, notAfter, replace, compromised } = decision;
  if (!state.issued) throw new Refusal('NotIssued', 'the certificate is not issued yet');
  const before = revocationOf(state.revocations, revision);
  // The CA has nothing more to do, but a key that turns out to be known may be that of a later revision.
  if (before?.revokedAt) return compromised && replace && !isKeyCompromised(state) ? replaceKey(state, now) : [];
  if (notAfter <= now) {
    throw new Refusal('CertificateExpired', `revision ${revision} ended at ${notAfter}: there is nothing to revoke`);
  }
  if (before && !before.failure && before.reason === reason) return [];
  const requested = { type: 'RevocationRequested', ...decision } as const;
  return compromised && replace ? [requested, ...replaceKey(state, now)] : [requested];
}

/** A key that others know is replaced without waiting for the CA; a revision that is on its way may have it too, and is given up. */
function replaceKey({ issued, issuing, lastRevision }: LiveCertificate, now: Instant): readonly CertificateEvent[] {
  const reason = 'KeyCompromised';
  const replacement = { type: 'ReplacementScheduled', revision: issued!.revision, reason, at: now } as const;
  return issuing ? [replacement, { type: 'RenewalRequested', revision: lastRevision + 1, reason }] : [replacement];
}

export function recordRevoked(revision: number, state: CertificateState, now: Instant): readonly CertificateEvent[] {
  const revocation = revocationOf(state.revocations, revision);
  if (!revocation || revocation.revokedAt) return [];
  const { reason, replace, compromised } = revocation;
  const revoked = { type: 'CertificateRevoked', revision, reason } as const;
  if (state.status !== 'live' || state.issued?.revision !== revision || !replace || compromised) return [revoked];
  return [revoked, { type: 'ReplacementScheduled', revision, reason: 'Revoked', at: now }];
}

export function recordRevocationFailure(
  { revision, after, failure, random }: Extract<RevocationCommand, { type: 'RecordRevocationFailure' }>,
  state: CertificateState,
  now: Instant,
): readonly CertificateEvent[] {
  const revocation = revocationOf(state.revocations, revision);
  if (!revocation || revocation.revokedAt || revocation.failures !== after) return [];
  const { class: kind, problem } = failure;
  const pause = plusSeconds(now, withJitter(backoffSeconds(after + 1), random));
  const retryAt = later(pause, failure.retryAt ?? '');
  const again = !isFinalRefusal(problem) && retryAt < revocation.notAfter;
  return [{ type: 'RevocationFailed', revision, class: kind, problem, ...(again && { retryAt }) }];
}
