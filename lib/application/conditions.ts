import { type IssueReason, type LiveCertificate, whyUnfit } from '../domain/certificate.ts';
import type { Replacement } from '../domain/renewal.ts';
import type { Instant } from '../domain/time.ts';
import { isYetToBegin } from '../domain/validity.ts';
import type { CertificateFacts } from './certificateFacts.ts';
import type { DeliveryView } from './deliveryView.ts';
import { type IssuanceView, stepWords } from './issuanceView.ts';
import { WHY } from './reasons.ts';
import type { Condition } from './schema/answers.ts';

/** cert-manager's reasons for an issuance. */
const ISSUING_REASON: Readonly<Record<IssueReason, string>> = {
  NeverIssued: 'DoesNotExist',
  SpecChanged: 'RequestChanged',
  IssuerChanged: 'IncorrectIssuer',
  KeyCompromised: 'KeyCompromised',
  CaCompromised: 'CaCompromised',
  Revoked: 'Revoked',
  Mismatch: 'InvalidKeyPair',
  SecretLost: 'MissingData',
  AriWindow: 'Renewing',
  Expiring: 'Renewing',
  Manual: 'ManuallyTriggered',
};

const isOf =
  (reason: IssueReason) =>
  (one: Replacement): boolean =>
    one.reason === reason;

/** Whether a usable certificate stands, in cert-manager's words. */
export function readyCondition({ certificate, now }: CertificateFacts): Condition {
  const { issued, issuedAt, issuing, createdAt } = certificate;
  const no = (reason: string, message: string, lastTransitionTime: Instant | undefined): Condition => ({
    type: 'Ready',
    status: 'False',
    reason,
    message,
    lastTransitionTime,
  });
  if (!issued) return no('DoesNotExist', 'No certificate was issued yet', createdAt);
  if (issued.notAfter <= now) return no('Expired', `Certificate expired at ${issued.notAfter}`, issued.notAfter);
  if (isYetToBegin(issued.notBefore, now)) {
    const message = `Certificate begins at ${issued.notBefore}: a clock was wrong when it was issued, or is now; renew it when they are right`;
    return no('NotYetValid', message, issuedAt);
  }
  const unfit = whyUnfit(certificate);
  if (unfit) {
    const since = issuing?.reason === unfit ? issuing.since : certificate.replacements?.find(isOf(unfit))?.since;
    return no(ISSUING_REASON[unfit], `Revision ${issued.revision} is not to be used: ${WHY[unfit]}`, since);
  }
  const message = 'Certificate is up to date and has not expired';
  return { type: 'Ready', status: 'True', reason: 'Ready', message, lastTransitionTime: issuedAt };
}

/** Whether a revision is on its way, and what it waits for. */
export function issuingCondition({ certificate }: CertificateFacts, issuance: IssuanceView | undefined): Condition {
  const { issuing } = certificate;
  if (!issuing) return issuedCondition(certificate);
  const base = { type: 'Issuing', lastTransitionTime: issuance?.since ?? issuing.since };
  if (issuance?.status === 'failed') {
    const why = issuance.cause?.detail ?? '';
    const message = `The certificate request has failed to complete and will be retried: ${why}`;
    return { ...base, status: 'False', reason: 'Failed', message };
  }
  return { ...base, status: 'True', reason: ISSUING_REASON[issuing.reason], message: stepWords(issuance) };
}

function issuedCondition({ issued, issuedAt }: LiveCertificate): Condition {
  const message = issued ? 'The certificate has been successfully issued' : 'Nothing was asked for';
  const reason = issued ? 'Issued' : 'Pending';
  return { type: 'Issuing', status: 'False', reason, message, lastTransitionTime: issuedAt };
}

/** Whether every destination holds the issued revision. None without destinations. */
export function deliveredCondition(
  { certificate }: CertificateFacts,
  deliveries: readonly DeliveryView[],
): Condition | undefined {
  const open = deliveries.filter((delivery) => delivery.status !== 'confirmed');
  if (deliveries.length === 0) return undefined;
  const base = { type: 'Delivered', lastTransitionTime: latest(deliveries) };
  if (open.length === 0) {
    const message = `Revision ${certificate.issued?.revision} is at every destination`;
    return { ...base, status: 'True', reason: 'Delivered', message };
  }
  const stuck = open.find(({ cause }) => cause);
  if (stuck?.cause) {
    const { code, detail } = stuck.cause;
    return { ...base, status: 'False', reason: code, message: `${stuck.destination}: ${detail}` };
  }
  if (!certificate.issued) {
    return { ...base, status: 'False', reason: 'NotIssued', message: 'Delivered once it is issued' };
  }
  const message = `${open.length} of ${deliveries.length} destinations do not hold it yet`;
  return { ...base, status: 'False', reason: 'InProgress', message };
}

const latest = (deliveries: readonly DeliveryView[]): Instant | undefined =>
  deliveries
    .map(({ since }) => since)
    .filter((since) => since !== undefined)
    .sort()
    .at(-1);
