import { expect, it } from 'vitest';
import { describeCertificate } from '../../lib/application/certificateView.ts';
import { revokeCertificate } from '../../lib/application/revocations.ts';
import { certificateStream } from '../../lib/domain/certificate.ts';
import type { RevocationReason } from '../../lib/domain/revocation.ts';
import { eventually, loadCertificate, requestCertificate, settled } from '../support/core.ts';
import { refusal } from '../support/doubles/ca.ts';
import { type World, worldOfTest } from '../support/doubles/world.ts';
import { eventsOf } from '../support/issuing.ts';
import { specOf } from '../support/specs.ts';

const spec = specOf({ dnsNames: ['app.example.test'], issuerRef: { name: 'double', kind: 'Issuer' } });

async function issued(): Promise<World> {
  const world = await worldOfTest();
  await requestCertificate(world.services, 'shop', 'app', spec);
  await settled(world.services, 'shop', 'app');
  return world;
}

const revoke = ({ services }: World, reason: RevocationReason = 'superseded') =>
  revokeCertificate(services, { team: 'shop', name: 'app', reason, replace: true }, { actor: 'test' });

const stands = (world: World, status: string) =>
  eventually(`the revocation is ${status}`, async () => {
    const { view } = await describeCertificate(world.services, 'shop', 'app');
    const found = view.status.revocations?.[0];
    return found?.status === status && found;
  });

const asked = ({ ca }: World): number => ca.requests.filter((one) => one === 'revoke').length;

/** The CA refuses revocations until it is told otherwise. */
function refusing({ ca }: World, type: string, status: number): void {
  ca.controls.before = (action) => {
    if (action === 'revoke') throw refusal(type, status);
  };
}

it('a refusal that is final is shown with what to do, and nobody asks again until somebody names another reason', async () => {
  const world = await issued();
  refusing(world, 'badRevocationReason', 400);
  await revoke(world, 'privilegeWithdrawn');
  const failed = await stands(world, 'failed');
  expect(failed.cause).toMatchObject({ code: 'badRevocationReason', remedy: expect.stringContaining('name another') });
  expect(failed.retryAt).toBeUndefined();
  await world.pass(86_400);
  expect(asked(world)).toBe(1);
  world.ca.controls.before = () => {};
  await revoke(world);
  await stands(world, 'revoked');
  expect(asked(world)).toBe(2);
});

it('a CA with a fault is asked again with growing pauses, never earlier, and the replacement follows once', async () => {
  const world = await issued();
  refusing(world, 'serverInternal', 500);
  await revoke(world);
  expect((await stands(world, 'failed')).retryAt).toBeDefined();
  await world.pass(30);
  expect(asked(world)).toBe(1);
  await world.pass(60);
  await eventually('it is asked again', async () => asked(world) === 2);
  world.ca.controls.before = () => {};
  await world.pass(300);
  await stands(world, 'revoked');
  await eventually(
    'it is replaced',
    async () => (await loadCertificate(world.services, 'shop', 'app')).issued?.revision === 2,
  );
  const types = (await eventsOf(world.services, certificateStream('shop', 'app'))).map(({ type }) => type);
  expect(types.filter((type) => type === 'RevocationFailed')).toHaveLength(2);
  expect(types.filter((type) => type === 'CertificateRevoked')).toHaveLength(1);
  expect(types.filter((type) => type === 'ReplacementScheduled')).toHaveLength(1);
});

it('a CA that cannot revoke does not hold back the replacement of a key that others know', async () => {
  const world = await issued();
  refusing(world, 'serverInternal', 500);
  await revoke(world, 'keyCompromise');
  await eventually(
    'it is replaced',
    async () => (await loadCertificate(world.services, 'shop', 'app')).issued?.revision === 2,
  );
  const { view } = await describeCertificate(world.services, 'shop', 'app');
  expect(view.status.revocations?.[0]).toMatchObject({ revision: 1, status: 'failed' });
  expect(view.status.conditions[0]).toMatchObject({ type: 'Ready', status: 'True' });
});

it('what ended has nothing to revoke', async () => {
  const world = await issued();
  const { notAfter } = (await loadCertificate(world.services, 'shop', 'app')).issued!;
  world.turn((Date.parse(notAfter) - Date.now()) / 1000 + 60);
  await expect(revoke(world)).rejects.toMatchObject({ code: 'CertificateExpired' });
});
