import { describe, expect, it } from 'vitest';
import { certificateStream } from '../../lib/domain/certificate.ts';
import { issuanceDecider } from '../../lib/domain/issuance.decide.ts';
import { issuanceStream } from '../../lib/domain/issuance.ts';
import { secondsBetween } from '../../lib/domain/time.ts';
import { eventually, loadCertificate } from '../support/core.ts';
import { count, failed, heldAt, issued, meta, remove, request, spec, typesOf } from '../support/doubles/app.ts';
import { refusal } from '../support/doubles/ca.ts';
import { worldOfTest } from '../support/doubles/world.ts';
import { eventsOf, issuanceOf, renew } from '../support/issuing.ts';

describe('what comes in between', () => {
  const late = ['newOrder', 'answer', 'finalize', 'download'] as const;

  it.each(late)('a deletion while the run is at %s ends it, cleaned up, without a certificate', async (action) => {
    const world = await worldOfTest();
    const held = heldAt(world, action);
    await request(world);
    const { uid } = await loadCertificate(world.services, 'shop', 'app');
    await held.reached;
    await remove(world);
    world.ca.controls.before = () => {};
    held.free();
    const stream = issuanceStream(uid, 1);
    await eventually('it ends', async () => {
      const state = await issuanceOf(world.services, stream);
      return state.status === 'superseded' && !state.uncleaned && world.core.composed.workflows.running === 0;
    });
    const certificate = await typesOf(world, certificateStream('shop', 'app'));
    expect(certificate).not.toContain('CertificateIssued');
    expect(world.dns.zone.size).toBe(0);
  });

  it.each(late)('a new spec while the run is at %s supersedes it, and only the new one is issued', async (action) => {
    const world = await worldOfTest();
    const held = heldAt(world, action);
    await request(world);
    await held.reached;
    await request(world, { ...spec, dnsNames: ['new.example.test'] });
    world.ca.controls.before = () => {};
    held.free();
    const { issued: facts, uid } = await issued(world);
    expect(facts).toMatchObject({ revision: 2, generation: 2 });
    const old = await eventually('the old one ends', async () => {
      const state = await issuanceOf(world.services, issuanceStream(uid, 1));
      return state.status === 'superseded' && !state.uncleaned;
    });
    expect(old).toBe(true);
    expect(count(await typesOf(world, certificateStream('shop', 'app')), 'CertificateIssued')).toBe(1);
    expect(world.dns.zone.size).toBe(0);
  });

  it('a renewal that is asked for while one is under way changes nothing', async () => {
    const world = await worldOfTest();
    await request(world);
    await issued(world);
    const held = heldAt(world, 'download');
    await renew(world.services, 'shop', 'app', 1);
    await held.reached;
    await renew(world.services, 'shop', 'app', 1);
    await renew(world.services, 'shop', 'app', 2);
    world.ca.controls.before = () => {};
    held.free();
    await eventually('the renewal', async () => (await issued(world)).issued?.revision === 2);
    expect(count(world.ca.requests, 'newOrder')).toBe(2);
  });

  it('a second certificate that the CA gives the same order waits until the first is done with it', async () => {
    const world = await worldOfTest();
    world.ca.controls.shares = true;
    const held = heldAt(world, 'answer');
    await request(world, spec, 'app');
    await held.reached;
    await request(world, spec, 'twin');
    await eventually('the second waits', async () => world.tasks.includes('Order wait'));
    world.ca.controls.before = () => {};
    held.free();
    const first = await issued(world, 'app');
    await world.pass(301);
    const second = await issued(world, 'twin');
    expect(second.issued!.serial).not.toBe(first.issued!.serial);
    expect(world.dns.zone.size).toBe(0);
  });

  it('a shared order passes on when the issuance that claimed it is not wanted any more', async () => {
    const world = await worldOfTest();
    world.ca.controls.shares = true;
    let broken = true;
    world.ca.controls.before = (action) => {
      if (action === 'authorization' && broken) throw refusal('caa', 403);
    };
    await request(world);
    await failed(world);
    broken = false;
    // Another key for the same names: the CA gives the same pending order, whose claimant would not look before its back-off is over.
    await request(world, { ...spec, privateKey: { ...spec.privateKey, size: 384 } });
    const { issued: facts, uid } = await issued(world);
    expect(facts!.revision).toBe(2);
    expect((await issuanceOf(world.services, issuanceStream(uid, 1))).status).toBe('superseded');
    const [one] = await eventsOf(world.services, issuanceStream(uid, 1)).then((all) =>
      all.filter((e) => e.type === 'OrderPlaced'),
    );
    const [two] = await eventsOf(world.services, issuanceStream(uid, 2)).then((all) =>
      all.filter((e) => e.type === 'OrderPlaced'),
    );
    expect(two).toMatchObject({ orderUrl: (one as unknown as { orderUrl: string }).orderUrl });
  });

  it('a restart takes the run up where it was, with the order that it has', async () => {
    const world = await worldOfTest();
    world.ca.controls.slow = true;
    await request(world);
    const { uid } = await loadCertificate(world.services, 'shop', 'app');
    await eventually('it waits', async () => world.tasks.includes('Challenge wait'));
    const stop = world.restart();
    await stop;
    world.ca.controls.slow = false;
    world.ca.set('ready');
    await issued(world);
    expect(count(world.ca.requests, 'newOrder')).toBe(1);
    expect(count(await typesOf(world, issuanceStream(uid, 1)), 'RunBegun')).toBe(1);
  });

  it.each([-86_400, 86_400])(
    'a restart with a clock that was set by %d s takes the run up at once',
    async (seconds) => {
      const world = await worldOfTest();
      world.ca.controls.slow = true;
      await request(world);
      await eventually('it waits', async () => world.tasks.includes('Challenge wait'));
      world.turn(seconds);
      await world.restart();
      world.ca.controls.slow = false;
      world.ca.set('ready');
      await issued(world);
      expect(world.dns.zone.size).toBe(0);
    },
  );

  it('a clock that is set back does not hold up what failed for as long', async () => {
    const world = await worldOfTest();
    world.turn(86_400);
    world.ca.controls.before = (action) => {
      if (action === 'newOrder') throw refusal('serverInternal', 500);
    };
    await request(world);
    const { run } = await failed(world);
    world.turn(-86_400);
    // Asked for at once by a person: the next failure is timed by the clock as it is now.
    const { uid } = await loadCertificate(world.services, 'shop', 'app');
    const again = { type: 'BeginRun', after: run, force: true } as const;
    await world.services.ledger.handle(issuanceDecider, issuanceStream(uid, 1), again, meta);
    const { dueAt } = await failed(world, run);
    expect(secondsBetween(world.services.clock.now(), dueAt!)).toBeLessThan(300);
    world.ca.controls.before = () => {};
    await world.pass(300);
    await issued(world);
  });
});
