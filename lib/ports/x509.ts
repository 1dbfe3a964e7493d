import type { KeyKind, Subject } from '../domain/spec.ts';
import type { Instant } from '../domain/time.ts';
import type { KeySigner } from './keySigner.ts';

/** Names and attributes that a CSR or a certificate asks for. */
export interface RequestedNames {
  readonly commonName?: string;
  readonly subject?: Subject;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly uris: readonly string[];
  readonly emailAddresses: readonly string[];
}

/** A CSR as read: its names and its key. Its own signature holds. */
export interface CsrFacts extends RequestedNames {
  readonly keyKind: KeyKind;
  readonly publicKeyHash: string;
}

/** A certificate as read. Hex is lower case without separators; `serial` has no superfluous leading zeros. */
export interface CertificateFacts extends RequestedNames {
  readonly pem: string;
  readonly serial: string;
  /** SHA-256 of the DER, hex. */
  readonly fingerprint: string;
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  readonly isCA: boolean;
  readonly publicKeyHash: string;
  readonly authorityKeyId?: string;
  readonly subjectKeyId?: string;
  /** Distinguished names as RFC 4514 strings. */
  readonly subjectDN: string;
  readonly issuerDN: string;
}

export interface SigningRequest extends RequestedNames {
  /** Public key to certify: SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly keyKind: KeyKind;
  /** Hex, 128 random bits. */
  readonly serial: string;
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  readonly isCA: boolean;
  /** cert-manager's words: `digital signature`, `server auth`... */
  readonly usages: readonly string[];
}

/** What a certificate that a CA sent must hold. */
export interface ExpectedCertificate {
  readonly publicKeyHash: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

/**
 * X.509 and PKCS formats. Private keys are PKCS#8 PEM inside the program; `signer` and `createCsr` may also take
 * what names a key elsewhere. `publicKeyHash` is SHA-256 over SubjectPublicKeyInfo (hex).
 * Readers throw Refusal with code `InvalidCsr`, `InvalidCertificate` or `InvalidKey` and the reason for input that does not parse; a key that
 * is not issued for (RSA under 2048 bits, an unknown curve) is `WeakKey`, and a request whose own signature fails `CsrSignatureInvalid`.
 */
export interface X509 {
  generateKey(kind: KeyKind): Promise<string>;
  /** tls.key as a destination wants it: PKCS#8, or PKCS#1 for RSA and SEC 1 for EC (`PKCS1`). */
  encodeKey(pem: string, encoding: 'PKCS1' | 'PKCS8'): string;
  signer(pem: string): Promise<KeySigner>;
  publicKeyHash(spki: Uint8Array): string;
  /** DER of a CSR with a SAN extension and, when given, a subject. */
  createCsr(names: RequestedNames, key: string): Promise<Uint8Array>;
  /** A CSR, PEM or DER. */
  readCsr(csr: string | Uint8Array): Promise<CsrFacts & { readonly publicKey: Uint8Array; readonly der: Uint8Array }>;
  /** Every certificate of a PEM bundle, in its order. */
  readChain(pem: string): CertificateFacts[];
  /** A certificate (PEM) signed by `ca`, or by its own key when `ca` has no certificate. Extensions as RFC 5280 4.2 asks. */
  sign(request: SigningRequest, ca: { readonly signer: KeySigner; readonly certificate?: string }): Promise<string>;
  /**
   * The leaf's facts, when it holds the key and all names expected, its validity is sane, and each certificate is signed by the next.
   * @throws Refusal `IssuedMismatch` with the reason
   */
  checkIssued(chainPem: string, expected: ExpectedCertificate): CertificateFacts;
}
