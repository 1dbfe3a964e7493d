import { randomBytes } from 'node:crypto';
import { x509 } from '../../lib/adapters/x509/x509.ts';
import type { KeyKind } from '../../lib/domain/spec.ts';
import { instant } from '../../lib/domain/time.ts';
import type { RequestedNames, SigningRequest } from '../../lib/ports/x509.ts';

const adapter = x509();
const HOUR = 3_600_000;

/** Names of nothing, to be spread under the names that a test wants. */
export const noNames: RequestedNames = { dnsNames: [], ipAddresses: [], uris: [], emailAddresses: [] };

export const P256: KeyKind = { algorithm: 'ECDSA', size: 256 };

/** A certificate with its key, both PEM. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

/** What differs from a leaf for server authentication that ends in 30 days, or a CA that ends in 45. */
export type Wanted = Partial<Omit<SigningRequest, 'publicKey' | 'keyKind'>>;

/** Signs a certificate with x509(): by `by`, or by its own key. */
export async function issue(wanted: Wanted, by?: Issued, kind: KeyKind = P256): Promise<Issued> {
  const key = await adapter.generateKey(kind);
  const own = await adapter.signer(key);
  const signer = by ? await adapter.signer(by.key) : own;
  const request: SigningRequest = {
    ...noNames,
    publicKey: own.publicKey,
    keyKind: own.kind,
    serial: randomBytes(16).toString('hex'),
    notBefore: instant(Date.now() - HOUR),
    notAfter: instant(Date.now() + (wanted.isCA ? 45 : 30) * 24 * HOUR),
    isCA: false,
    usages: ['digital signature', 'key encipherment'],
    ...wanted,
  };
  return { certificate: await adapter.sign(request, { signer, ...(by && { certificate: by.certificate }) }), key };
}

/** A self-signed root that ends in 60 days. */
export const issueRoot = (kind: KeyKind = P256, wanted: Wanted = {}): Promise<Issued> =>
  issue(
    { commonName: 'Test Root', isCA: true, notAfter: instant(Date.now() + 60 * 24 * HOUR), ...wanted },
    undefined,
    kind,
  );
