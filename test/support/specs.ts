import type { CertificateSpec } from '../../lib/domain/spec.ts';

/** A spec as the API would make it, with the members that a test cares about. */
export function specOf(given: Partial<CertificateSpec> = {}): CertificateSpec {
  return {
    dnsNames: [],
    ipAddresses: [],
    uris: [],
    emailAddresses: [],
    issuerRef: { name: 'pebble', kind: 'Issuer' },
    secretName: 'tls',
    duration: '2160h',
    privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS1', rotationPolicy: 'Always' },
    usages: ['digital signature', 'key encipherment'],
    isCA: false,
    destinations: [],
    ...given,
  };
}
