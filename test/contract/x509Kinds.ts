import type { KeyKind } from '../../lib/domain/spec.ts';
import { type Issued, issue, issueRoot, P256, type Wanted } from '../support/internalCa.ts';

/** Every kind of key that certificates are issued for. */
export const keyKinds: readonly [string, KeyKind][] = [
  ['ECDSA P-256', P256],
  ['ECDSA P-384', { algorithm: 'ECDSA', size: 384 }],
  ['ECDSA P-521', { algorithm: 'ECDSA', size: 521 }],
  ['RSA 2048', { algorithm: 'RSA', size: 2048 }],
  ['RSA 3072', { algorithm: 'RSA', size: 3072 }],
  ['RSA 4096', { algorithm: 'RSA', size: 4096 }],
  ['Ed25519', { algorithm: 'Ed25519', size: 256 }],
];

/** Kinds of leaf, by what people ask a CA of their own for. */
export const leafKinds: readonly [string, Wanted][] = [
  ['names alone', { dnsNames: ['app.example.test', '*.example.test'] }],
  ['a common name', { commonName: 'app.example.test', dnsNames: ['app.example.test'] }],
  [
    'a whole subject',
    {
      commonName: 'app.example.test',
      subject: {
        organizations: ['Chancery', 'Société Générale des Sceaux'],
        organizationalUnits: ['Rolls'],
        countries: ['DE'],
        provinces: ['Hessen'],
        localities: ['Frankfurt'],
        streetAddresses: ['Am Markt 1'],
        postalCodes: ['60311'],
        serialNumber: 'HRB 1',
      },
      dnsNames: ['app.example.test'],
    },
  ],
  ['IP addresses', { dnsNames: ['app.example.test'], ipAddresses: ['10.0.0.1', '2001:db8::1'] }],
  ['a cluster service', { dnsNames: ['app.example.test', 'payments', 'payments.production.svc'] }],
  ['server and client', { dnsNames: ['app.example.test'], usages: ['signing', 'server auth', 'client auth'] }],
];

/** A root and an intermediate, the latter's key of the same kind. */
export async function authority(kind: KeyKind): Promise<{ root: Issued; intermediate: Issued }> {
  const root = await issueRoot(kind);
  return { root, intermediate: await issue({ commonName: 'Test Intermediate', isCA: true }, root, kind) };
}
