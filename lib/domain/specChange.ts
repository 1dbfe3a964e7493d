import { sameJson } from './json.ts';
import type { CertificateSpec } from './spec.ts';

/** Members of a spec that a certificate carries; a change in any of them needs a new issuance. */
const ISSUED_MEMBERS = [
  'commonName',
  'subject',
  'dnsNames',
  'ipAddresses',
  'uris',
  'emailAddresses',
  'duration',
  'usages',
  'isCA',
  'request',
] as const;

/** Whether a certificate issued for `before` has not what `after` asks for, whoever issues it. */
export function contentChanged(before: CertificateSpec, after: CertificateSpec): boolean {
  const { algorithm, size } = after.privateKey;
  if (before.privateKey.algorithm !== algorithm || before.privateKey.size !== size) return true;
  return ISSUED_MEMBERS.some((member) => !sameJson(before[member], after[member]));
}

/** Whether `after` names another issuer than `before`. */
export const issuerChanged = (before: CertificateSpec, after: CertificateSpec): boolean =>
  !sameJson(before.issuerRef, after.issuerRef);

/** Whether a certificate issued for `before` does not satisfy `after`. */
export const needsIssuance = (before: CertificateSpec, after: CertificateSpec): boolean =>
  contentChanged(before, after) || issuerChanged(before, after);
