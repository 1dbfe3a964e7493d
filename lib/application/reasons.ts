import { type IssueReason, isUnfit } from '../domain/renewal.ts';

/** Why a certificate is issued again, in words. */
export const WHY: Readonly<Record<IssueReason, string>> = {
  NeverIssued: 'nothing is issued yet',
  SpecChanged: 'the spec changed',
  IssuerChanged: 'the spec names another issuer',
  KeyCompromised: 'its key is known to others',
  CaCompromised: 'its CA is not to be trusted',
  Revoked: 'it was revoked',
  Mismatch: 'its key and its certificate do not belong together',
  SecretLost: 'its key or its certificate is lost',
  Manual: 'somebody asked for it',
  AriWindow: 'the CA suggests this time',
  Expiring: 'it is time',
};

/** What a request for a revision says of itself. */
export function askedFor(reason: IssueReason): string {
  if (reason === 'NeverIssued') return 'Requested';
  return `${isUnfit(reason) ? 'Requested again' : 'Renewal requested'}: ${WHY[reason]}`;
}
