import type { KeyKind } from '../domain/spec.ts';

/** A private key that signs and is not seen. ECDSA signatures are r||s (IEEE P1363), RSA is PKCS#1 v1.5. */
export interface KeySigner {
  readonly kind: KeyKind;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  sign(data: Uint8Array, hash: 'SHA-256' | 'SHA-384' | 'SHA-512'): Promise<Uint8Array>;
}
