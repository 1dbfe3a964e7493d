import { expect, it } from 'vitest';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { certificateStream } from '../../lib/domain/certificate.ts';
import { type Destination, destinationKey } from '../../lib/domain/destination.ts';
import { eventually, loadCertificate, requestCertificate, settled } from '../support/core.ts';
import { type World, worldOfTest } from '../support/doubles/world.ts';
import { deliveryOf, eventsOf, renew, stuckDelivery } from '../support/issuing.ts';
import { specOf } from '../support/specs.ts';

const prod: Destination = { kind: 'kubernetes', cluster: 'prod', namespace: 'shop', secretName: 'tls' };
const PROD = destinationKey(prod);
const issuerRef = { name: 'double', kind: 'Issuer' } as const;
const spec = specOf({ dnsNames: ['app.example.test'], issuerRef, destinations: [prod] });

const request = ({ services }: World, name = 'app', wanted = spec) =>
  requestCertificate(services, 'shop', name, wanted);
const delivered = ({ services }: World, name = 'app') => settled(services, 'shop', name);
const remove = ({ services }: World, withdraw: boolean) =>
  services.ledger.handle(
    certificateDecider,
    certificateStream('shop', 'app'),
    { type: 'Delete', withdraw },
    { actor: 'test' },
  );

/** Holds the first push until `free`. */
function heldPush(world: World): { reached: Promise<void>; free: () => void } {
  let free: () => void = () => {};
  const freed = new Promise<void>((resolve) => {
    free = resolve;
  });
  let reach: () => void = () => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  world.destinations.before = async () => {
    world.destinations.before = async () => undefined;
    reach();
    await freed;
    return undefined;
  };
  return { reached, free };
}

it('holds the newest revision in the end, although a push of the older one ends after it was asked for', async () => {
  const world = await worldOfTest();
  const held = heldPush(world);
  await request(world);
  await held.reached;
  await renew(world.services, 'shop', 'app', 1);
  await eventually('the renewal is issued', async () => {
    const { issued } = await loadCertificate(world.services, 'shop', 'app');
    return issued?.revision === 2;
  });
  await eventually('its delivery is asked for', async () => (await deliveryOf(world.services, prod)).run === 2);
  held.free();
  const { issued } = await delivered(world);
  expect(issued?.revision).toBe(2);
  expect(world.destinations.written.at(-1)).toBe(issued?.fingerprint);
  expect(world.destinations.stored.get(PROD)?.fingerprint).toBe(issued?.fingerprint);
  expect((await deliveryOf(world.services, prod)).observed?.fingerprint).toBe(issued?.fingerprint);
});

it('is taken away in the end, although a push was under way when the certificate was deleted', async () => {
  const world = await worldOfTest();
  const held = heldPush(world);
  await request(world);
  await held.reached;
  await remove(world, true);
  await eventually('the withdrawal is asked for', async () => (await deliveryOf(world.services, prod)).withdrawing);
  held.free();
  await eventually('it is released', async () => (await deliveryOf(world.services, prod)).status === 'released');
  expect(world.destinations.stored.has(PROD)).toBe(false);
});

it('keeps the copy of a deleted certificate unless it was told to take it away', async () => {
  const world = await worldOfTest();
  await request(world);
  await delivered(world);
  await remove(world, false);
  await eventually('it is released', async () => (await deliveryOf(world.services, prod)).status === 'released');
  expect(world.destinations.stored.has(PROD)).toBe(true);
});

it('waits for somebody when it is refused, and is there soon after the cause is gone', async () => {
  const world = await worldOfTest();
  world.destinations.before = async () => ({ outcome: 'refused', reason: 'NamespaceMissing', message: 'no namespace' });
  await request(world);
  const { failure } = await stuckDelivery(world.services, prod, 'refused');
  expect(failure.reason).toBe('NamespaceMissing');
  world.destinations.before = async () => undefined;
  await world.pass(70);
  await delivered(world);
});

it('pushes again at once after a lost race, and after a while when the other side is not there', async () => {
  const world = await worldOfTest();
  let races = 2;
  world.destinations.before = async () =>
    races-- > 0 ? { outcome: 'failed', class: 'now', reason: 'Conflict', message: 'it changed' } : undefined;
  await request(world);
  await delivered(world);
  expect(races).toBe(-1);
  expect(world.tasks.filter((task) => task.startsWith('Push'))).toEqual(['Push done']);

  world.destinations.before = async () => ({
    outcome: 'failed',
    class: 'backoff',
    reason: 'Unreachable',
    message: 'no answer',
  });
  await renew(world.services, 'shop', 'app', 1);
  await stuckDelivery(world.services, prod, 'failed');
  world.destinations.before = async () => undefined;
  await world.pass(20);
  await eventually('the renewal arrives', async () => (await delivered(world)).issued?.revision === 2);
});

it('records what a push threw, and comes back', async () => {
  const world = await worldOfTest();
  world.destinations.before = async () => {
    throw new Error('unexpected');
  };
  await request(world);
  const { failure } = await stuckDelivery(world.services, prod, 'failed');
  expect(failure).toMatchObject({ class: 'infrastructure', message: 'Error: unexpected' });
  world.destinations.before = async () => undefined;
  await world.pass(20);
  await delivered(world);
});

it('goes on after a restart in the middle of a push', async () => {
  const world = await worldOfTest();
  const held = heldPush(world);
  await request(world);
  await held.reached;
  const restarted = world.restart();
  held.free();
  await restarted;
  const { issued } = await delivered(world);
  expect(world.destinations.stored.get(PROD)?.fingerprint).toBe(issued?.fingerprint);
});

it('has one certificate: the second waits, says for whom, and has its turn when the first is deleted', async () => {
  const world = await worldOfTest();
  await request(world);
  await delivered(world);
  await request(world, 'web');
  const web = await eventually('the second is issued', async () => {
    const state = await loadCertificate(world.services, 'shop', 'web');
    return state.dispatched !== undefined && state;
  });
  expect(web.dispatched?.taken).toEqual([{ destination: PROD, by: 'shop/app' }]);
  await remove(world, false);
  await eventually('it is released', async () => (await deliveryOf(world.services, prod)).status === 'released');
  await world.pass(601);
  const { issued } = await delivered(world, 'web');
  expect(world.destinations.stored.get(PROD)?.fingerprint).toBe(issued?.fingerprint);
});

it('keeps its key when the spec goes over to a CSR, until what the CSR asked for is issued', async () => {
  const world = await worldOfTest();
  await request(world);
  const first = await delivered(world);
  const { generateKey, createCsr } = world.services.x509;
  const der = await createCsr(spec, await generateKey({ algorithm: 'ECDSA', size: 256 }));
  const body = Buffer.from(der).toString('base64');
  let free: () => void = () => {};
  const freed = new Promise<void>((resolve) => {
    free = resolve;
  });
  world.ca.controls.before = (action) => (action === 'newOrder' ? freed : undefined);
  const csr = `-----BEGIN CERTIFICATE REQUEST-----\n${body}\n-----END CERTIFICATE REQUEST-----\n`;
  await request(world, 'app', { ...spec, request: csr });
  await eventually('the change is delivered', async () => {
    const { observed } = await deliveryOf(world.services, prod);
    return observed?.generation === 2;
  });
  expect(world.destinations.stored.get(PROD)).toMatchObject({
    fingerprint: first.issued?.fingerprint,
    key: expect.stringContaining('PRIVATE KEY'),
  });
  free();
  await eventually('the CSR is issued', async () => (await delivered(world)).issued?.revision === 2);
  expect(world.destinations.stored.get(PROD)?.key).toBeUndefined();
});

it.each([
  ['the key is lost', 'key', undefined, 'SecretLost'],
  ['the chain is lost', 'chain', undefined, 'SecretLost'],
  ['another key stands in its place', 'key', 'other', 'Mismatch'],
] as const)('has the certificate replaced, once, when %s', async (_, what, other, reason) => {
  const world = await worldOfTest();
  await request(world);
  const { uid, issued } = await delivered(world);
  const damaged = `${what}/${uid}/1`;
  const { vault, x509 } = world.services;
  const open = vault.open.bind(vault);
  const pem = other && Buffer.from(await x509.generateKey(spec.privateKey));
  Object.assign(vault, {
    open: async (ref: string, owner: string) => (ref === damaged ? pem : open(ref, owner)),
  });
  world.turn(600);
  const more = { ...spec, destinations: [prod, { ...prod, secretName: 'copy' }] };
  await request(world, 'app', more);
  const next = await eventually('it is replaced', async () => {
    const state = await loadCertificate(world.services, 'shop', 'app');
    return state.issued!.revision === 2 && state;
  });
  expect(next.issued!.fingerprint).not.toBe(issued!.fingerprint);
  const types = await eventsOf(world.services, certificateStream('shop', 'app'));
  expect(types.filter(({ type }) => type === 'ReplacementScheduled')).toMatchObject([{ revision: 1, reason }]);
  expect(types.filter(({ type }) => type === 'RenewalRequested')).toMatchObject([{ revision: 2, reason }]);
  await delivered(world);
});
