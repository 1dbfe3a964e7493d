import { describe, expect, it } from 'vitest';
import { announce } from '../../lib/application/announce.ts';
import { describeCertificate } from '../../lib/application/certificateView.ts';
import { copyObserver } from '../../lib/application/drift.ts';
import { counted } from '../../lib/application/outcomes.ts';
import { DELIVERIES } from '../../lib/application/projections.ts';
import type { PublicEvent } from '../../lib/application/schema/busEvent.ts';
import type { Services } from '../../lib/application/services.ts';
import { clusterDecider, clusterStream } from '../../lib/domain/cluster.ts';
import { deliveryStream } from '../../lib/domain/delivery.ts';
import { type Destination, destinationKey } from '../../lib/domain/destination.ts';
import { SHARED } from '../../lib/domain/issuer.ts';
import type { Measurement } from '../../lib/ports/metrics.ts';
import { eventually, requestCertificate, settled } from '../support/core.ts';
import type { DestinationsDouble } from '../support/doubles/destinations.ts';
import { type World, worldOfTest } from '../support/doubles/world.ts';
import { deliveryOf, eventsOf, stuckDelivery } from '../support/issuing.ts';
import { specOf } from '../support/specs.ts';

const HOUR = 3600;
const OWN = { name: 'double', kind: 'Issuer' } as const;
const inProd = (secretName: string): Destination => ({
  kind: 'kubernetes',
  cluster: 'prod',
  namespace: 'shop',
  secretName,
});
const prod = inProd('tls');
const disk: Destination = { kind: 'directory', path: '/srv/tls' };
const specFor = (...destinations: Destination[]) =>
  specOf({ dnsNames: ['app.example.test'], issuerRef: OWN, destinations });

interface Watched extends World {
  readonly measured: Measurement[];
  /** While it is dead, nothing starts: as if the process had died after the commit. */
  readonly process: { dead: boolean };
}

/** A world with the cluster prod, which answers, and a certificate at each destination. */
async function made(...destinations: Destination[]): Promise<Watched> {
  const measured: Measurement[] = [];
  const process = { dead: false };
  const world = await worldOfTest({
    decorate: (services) => ({
      ...services,
      metrics: (all) => void measured.push(...all),
      clusters: { ...services.clusters, ...(services.destinations as DestinationsDouble).clusters },
      workflows: {
        ...services.workflows,
        start: async (...args) => {
          if (process.dead) throw new Error('nothing starts');
          return services.workflows.start(...args);
        },
      },
    }),
  });
  await registerProd(world.services);
  await requestCertificate(world.services, 'shop', 'app', specFor(...destinations));
  await settles(world);
  return Object.assign(world, { measured, process });
}

async function registerProd({ vault, ledger }: Services): Promise<void> {
  const credentialRef = 'cluster/prod/1';
  await vault.seal(credentialRef, SHARED, Buffer.from(JSON.stringify({ server: 'https://prod', ca: '' })));
  const command = { type: 'Register', endpoint: 'https://prod', caFingerprint: 'f', credentialRef } as const;
  await ledger.handle(clusterDecider, clusterStream('prod'), command, { actor: 'test' });
}

/** Delivered everywhere, and the view shows it: what it does not show is not looked at. */
async function settles({ services }: World): Promise<void> {
  const { spec } = await settled(services, 'shop', 'app');
  for (const to of spec.destinations) {
    await eventually('the view shows it', async () => {
      const version = (await services.store.head(deliveryStream(destinationKey(to))))?.version;
      return (await services.views.get(DELIVERIES, destinationKey(to)))?.version === version;
    });
  }
}

/** The next check of the cluster is over. */
async function checked(world: World): Promise<void> {
  const { clusters } = world.destinations;
  const before = clusters.surveys;
  await world.pass(1.2 * HOUR);
  await eventually('the copies were looked at', async () => clusters.surveys > before);
}

const driftsOf = async ({ services }: World, to: Destination) =>
  (await eventsOf(services, deliveryStream(destinationKey(to)))).filter(({ type }) => type === 'DriftDetected');
const holdsIssued = ({ destinations, services }: World, to: Destination) =>
  eventually('it is put right', async () => {
    const { status, desired } = await deliveryOf(services, to);
    return status === 'confirmed' && destinations.stored.get(destinationKey(to))?.fingerprint === desired?.fingerprint;
  });

describe('a Secret in a cluster', () => {
  it('that somebody deleted is there again after the next check, as one event, without a new revision', async () => {
    const world = await made(prod);
    world.destinations.tamper(prod, 'remove');
    await checked(world);
    await eventually('it was noticed', async () => (await driftsOf(world, prod)).length === 1);
    await holdsIssued(world, prod);
    await settles(world);
    await checked(world);
    expect(await driftsOf(world, prod)).toEqual([{ type: 'DriftDetected', found: 'missing' }]);
    expect((await settled(world.services, 'shop', 'app')).issued?.revision).toBe(1);
    expect(world.measured.filter(({ metrics }) => metrics.Drifted)).toEqual(counted('Drifted'));
  });

  it('that drifted is told to the world outside, and so is that it is delivered again', async () => {
    const world = await made(prod);
    world.destinations.tamper(prod, 'remove');
    await checked(world);
    await eventually('it was noticed', async () => (await driftsOf(world, prod)).length === 1);
    await holdsIssued(world, prod);
    const told: PublicEvent[] = [];
    const commits = await world.services.store.commits(deliveryStream(destinationKey(prod)));
    const bus = { publish: async (events: readonly PublicEvent[]) => void told.push(...events) };
    await announce({ ...world.services, bus }, commits);
    expect(told.map(({ type }) => type)).toEqual([
      'certificate.delivered',
      'certificate.drifted',
      'certificate.delivered',
    ]);
    expect(told[1]).toMatchObject({ name: 'app', destination: 'kubernetes/prod/shop/tls', found: 'missing' });
    expect(told[1]?.message).toBe('The copy is gone: it is delivered again');
  });

  it('of which somebody changed the key alone is put right', async () => {
    const world = await made(prod);
    const { key } = world.destinations.stored.get(destinationKey(prod))!;
    world.destinations.tamper(prod, { key: 'another' });
    await checked(world);
    await eventually('it is put right', async () => world.destinations.stored.get(destinationKey(prod))?.key === key);
    expect(await driftsOf(world, prod)).toMatchObject([{ found: 'changed', entries: ['key'] }]);
  });

  it('that somebody wrote to without changing what is ours is read once, and nothing is done', async () => {
    const world = await made(prod);
    const { version } = (await world.services.store.head(deliveryStream(destinationKey(prod))))!;
    world.destinations.tamper(prod, {});
    await checked(world);
    await eventually('it was read', async () => world.destinations.read.length > 0);
    await checked(world);
    expect(world.destinations.read).toEqual([destinationKey(prod)]);
    expect((await world.services.store.head(deliveryStream(destinationKey(prod))))?.version).toBe(version);
    expect(world.destinations.written.length).toBe(1);
  });

  it('that is as it was costs no event, no write and no reading, however many there are', async () => {
    const all = Array.from({ length: 50 }, (_, n) => inProd(`tls-${n}`));
    const world = await made(...all);
    const heads = () =>
      Promise.all(all.map((to) => world.services.store.head(deliveryStream(destinationKey(to))).then((head) => head)));
    const before = await heads();
    await checked(world);
    await checked(world);
    expect(await heads()).toEqual(before);
    expect(world.destinations.read).toEqual([]);
    expect(world.destinations.written.length).toBe(50);
  });

  it('is one of so many that they are looked at in several turns, each from where the last one ended', async () => {
    const all = Array.from({ length: 50 }, (_, n) => inProd(`tls-${n}`));
    const world = await made(...all);
    for (const to of all) world.destinations.tamper(to, 'remove');
    const { clusters } = world.destinations;
    const hurried = copyObserver({ ...world.services, clusters }, -1);
    const access = { server: 'https://prod', ca: '' };
    const turns: boolean[] = [];
    while (turns.at(-1) !== true) turns.push(await hurried.cluster('prod', access));
    expect(turns).toEqual([false, false, false, true]);
    for (const to of all) expect((await driftsOf(world, to)).length).toBe(1);
    for (const to of all) await holdsIssued(world, to);
  });

  it('that is now somebody else’s is left alone, and refused as ever', async () => {
    const world = await made(prod);
    world.destinations.tamper(prod, { fingerprint: 'theirs' }, false);
    world.destinations.before = async () => ({ outcome: 'refused', reason: 'NotOwned', message: 'it is theirs' });
    await checked(world);
    await stuckDelivery(world.services, prod, 'refused', 'NotOwned');
    expect(await driftsOf(world, prod)).toMatchObject([{ found: 'foreign' }]);
    expect(world.destinations.stored.get(destinationKey(prod))?.fingerprint).toBe('theirs');
    await settledView(world, 'refused');
    await checked(world);
    expect((await driftsOf(world, prod)).length).toBe(1);
  });

  it('that keeps changing is left for a while, which its certificate shows with what to do, and put right after it', async () => {
    const world = await made(prod);
    for (let times = 1; times <= 4; times++) {
      world.destinations.tamper(prod, 'remove');
      await checked(world);
      await eventually('it was noticed', async () => (await driftsOf(world, prod)).length === times);
      if (times < 4) await holdsIssued(world, prod);
      if (times < 4) await settles(world);
    }
    const { status } = await describeCertificate(world.services, 'shop', 'app').then(({ view }) => view);
    expect(status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Delivered', status: 'False', reason: 'KeepsChanging' }),
    );
    const [delivery] = status.deliveries;
    expect(delivery).toMatchObject({ status: 'failed', cause: { code: 'KeepsChanging' } });
    expect(delivery?.cause?.remedy).toContain('managed-fields');
    expect(delivery?.retryAt).toBeDefined();
    expect(world.destinations.written.length).toBe(4);
    await world.pass(1.2 * HOUR);
    await holdsIssued(world, prod);
    expect(world.destinations.written.length).toBe(5);
  });

  it('is put right though the process dies between the event and the push', async () => {
    const world = await made(prod);
    world.process.dead = true;
    world.destinations.tamper(prod, 'remove');
    await checked(world);
    await eventually('it was noticed', async () => (await driftsOf(world, prod)).length === 1);
    expect(world.destinations.stored.size).toBe(0);
    world.process.dead = false;
    await world.restart();
    await holdsIssued(world, prod);
    expect((await driftsOf(world, prod)).length).toBe(1);
  });
});

/** The view shows the one delivery so. */
const settledView = ({ services }: World, status: string) =>
  eventually('the view shows it', async () => {
    return (await services.views.get(DELIVERIES, destinationKey(prod)))?.doc.status === status;
  });

describe('files in a directory', () => {
  it('that somebody changed or removed while the service was away are put right at its start', async () => {
    const world = await made(disk);
    world.destinations.tamper(disk, { key: 'another' });
    await world.restart();
    await eventually('it was noticed', async () => (await driftsOf(world, disk)).length === 1);
    await holdsIssued(world, disk);
    await settles(world);
    world.destinations.tamper(disk, 'remove');
    await world.restart();
    await eventually('it was noticed', async () => (await driftsOf(world, disk)).length === 2);
    await holdsIssued(world, disk);
  });
});
