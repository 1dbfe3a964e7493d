import type { IssueReason } from '../domain/renewal.ts';
import type { Measurement } from '../ports/metrics.ts';

/**
 * What came of an issuance or a delivery. A renewal is an issuance for a certificate that stands already; a copy drifted that was found otherwise than
 * it was delivered.
 */
export type Counted = 'Issued' | 'Renewed' | 'IssuancesFailed' | 'Delivered' | 'DeliveriesFailed' | 'Drifted';

/** One of them: of the issuer, where there is one, else of the installation. A second number of the same would be a metric more to pay for. */
export const counted = (outcome: Counted, issuer?: string, reason?: IssueReason): readonly Measurement[] => [
  { ...(issuer !== undefined && { issuer }), ...(reason && { reason }), metrics: { [outcome]: 1 } },
];
