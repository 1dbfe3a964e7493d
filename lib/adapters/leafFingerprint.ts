import { X509Certificate } from 'node:crypto';

/** SHA-256 (hex, lower case) of the first certificate of a PEM text; undefined when there is none or it does not parse. */
export function leafFingerprint(pem: string): string | undefined {
  try {
    return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
  } catch {
    return undefined;
  }
}
