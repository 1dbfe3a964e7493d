import { X509Certificate } from 'node:crypto';
import type { SecretContents } from '../../lib/ports/destinations.ts';
import { makeAuthority, type TestAuthority } from './authority.ts';

/** Contents for a destination: a new leaf of a test authority with its key. */
export type KeyedContents = SecretContents & { readonly key: string };

/** Makes contents for deliveries, each a new certificate with a new key of the same test authority. */
export async function contentsMaker(): Promise<{
  readonly authority: TestAuthority;
  make(name?: string): Promise<KeyedContents>;
}> {
  const authority = await makeAuthority('delivery-test');
  return {
    authority,
    make: async (name = 'app.example.test') => {
      const leaf = await authority.issue({ subject: `CN=${name}`, names: [name], usage: 'server' });
      return {
        certificate: `${leaf.certPem}${authority.certPem}`,
        key: leaf.keyPem,
        ca: authority.certPem,
        fingerprint: new X509Certificate(leaf.certPem).fingerprint256.replaceAll(':', '').toLowerCase(),
        template: {},
      };
    },
  };
}

/** Contents as CSR mode delivers them. */
export function withoutKey({ key: _, ...rest }: SecretContents): SecretContents {
  return rest;
}
