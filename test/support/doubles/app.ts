import { certificateDecider } from '../../../lib/domain/certificate.decide.ts';
import { certificateStream } from '../../../lib/domain/certificate.ts';
import { requestCertificate, settled } from '../core.ts';
import { eventsOf, failedIssuance } from '../issuing.ts';
import { specOf } from '../specs.ts';
import type { World } from './world.ts';

export const meta = { actor: 'test' };
export const issuerRef = { name: 'double', kind: 'Issuer' } as const;
/** What the certificate `app` of a world asks for. */
export const spec = specOf({ dnsNames: ['app.example.test', '*.app.example.test'], issuerRef });

export const request = ({ services }: World, wanted = spec, name = 'app') =>
  requestCertificate(services, 'shop', name, wanted);
/** Waits until it is issued and delivered. */
export const issued = ({ services }: World, name = 'app') => settled(services, 'shop', name);
/** Waits until its issuance failed in a run after `after`. */
export const failed = ({ services }: World, after = 0, name = 'app') => failedIssuance(services, 'shop', name, after);
export const remove = ({ services }: World, withdraw = false) =>
  services.ledger.handle(certificateDecider, certificateStream('shop', 'app'), { type: 'Delete', withdraw }, meta);
/** Types of a stream's events, oldest first. */
export const typesOf = async (world: World, stream: string) =>
  (await eventsOf(world.services, stream)).map(({ type }) => type);
export const count = (list: readonly string[], word: string): number => list.filter((one) => one === word).length;

/** Holds the world at the first request of a kind, until `free`. */
export function heldAt(world: World, action: string): { reached: Promise<void>; free: () => void } {
  const reached = Promise.withResolvers<void>();
  const freed = Promise.withResolvers<void>();
  world.ca.controls.before = async (asked) => {
    if (asked !== action) return;
    reached.resolve();
    await freed.promise;
  };
  return { reached: reached.promise, free: freed.resolve };
}
