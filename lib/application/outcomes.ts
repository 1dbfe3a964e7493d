import type { Measurement } from '../ports/metrics.ts';

/** What came of an issuance or a delivery. A renewal is an issuance for a certificate that stands already. */
export type Counted = 'Issued' | 'Renewed' | 'IssuancesFailed' | 'Delivered' | 'DeliveriesFailed';

/** One of them, counted for the installation and, where it is known, for the issuer. */
export const counted = (outcome: Counted, issuer?: string): readonly Measurement[] => [
  { metrics: { [outcome]: 1 } },
  ...(issuer === undefined ? [] : [{ issuer, metrics: { [outcome]: 1 } }]),
];
