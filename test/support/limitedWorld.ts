import { readBuckets } from '../../lib/application/limits/buckets.ts';
import type { RateLimitsSpec } from '../../lib/domain/rateLimits.ts';
import { eventually, putIssuer, requestCertificate, settled } from './core.ts';
import { type World, worldOfTest } from './doubles/world.ts';
import { eventsOf, issuanceOf, newestIssuance } from './issuing.ts';
import { specOf } from './specs.ts';

/** Whose limits they are. */
export const HOST = 'ca';
export const HOUR = 3600;
const issuerRef = { name: 'limited', kind: 'Issuer' } as const;
export const acme = { server: 'https://ca', solvers: [{ dns01: { webhook: { url: 'https://dns' } } }] };

/** A world whose issuer `limited` has these limits. */
export async function limitedTo(rateLimits: RateLimitsSpec | undefined): Promise<World> {
  const world = await worldOfTest();
  await putIssuer(world.services, 'shop', 'limited', { acme: { ...acme, rateLimits } });
  return world;
}

/** Asks for a certificate by that issuer. */
export const request = ({ services }: World, name: string, dnsNames = [`${name}.example.test`]) =>
  requestCertificate(services, 'shop', name, specOf({ dnsNames, issuerRef, secretName: name }));
export const issued = ({ services }: World, name: string) => settled(services, 'shop', name);
/** Types of the events of a certificate's newest issuance. */
export const typesOf = async ({ services }: World, name: string) =>
  (await eventsOf(services, await newestIssuance(services, 'shop', name))).map(({ type }) => type);
/** Waits until it is put off. */
export const deferred = ({ services }: World, name: string) =>
  eventually(`${name} waits`, async () => {
    const state = await issuanceOf(services, await newestIssuance(services, 'shop', name));
    return state.status === 'deferred' && state;
  });

export async function bucketOf({ services }: World, key: string) {
  return (await readBuckets(services, [key])).get(key);
}

export const perDomain = (count: number, period = '10h') => ({ certificatesPerDomain: { count, period } });
