import type { IssuerRef } from './spec.ts';
import type { Instant } from './time.ts';

/** Who issued it over ACME: that CA knows of it, and only the same account may name it as replaced (RFC 9773 5). */
export interface IssuedByAcme {
  /** The one that the spec names, or one that stood in for it. */
  readonly issuer: IssuerRef;
  /** The account's URL. */
  readonly account: string;
  /** RFC 9773 4.1; absent when the certificate names no authority key. */
  readonly certId?: string;
}

/** What was issued: facts and references, never key material. `keyRef` is absent in CSR mode. */
export interface Issued {
  readonly revision: number;
  readonly generation: number;
  readonly serial: string;
  readonly fingerprint: string;
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  readonly keyRef?: string;
  readonly chainRef: string;
  readonly acme?: IssuedByAcme;
}
