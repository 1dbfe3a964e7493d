import { describe, expect, it } from 'vitest';
import { limitKey } from '../../lib/domain/caLimits.ts';
import { tokens } from '../../lib/domain/limits.ts';
import { instant, millis } from '../../lib/domain/time.ts';
import { eventually, loadCertificate, putIssuer } from '../support/core.ts';
import { worldOfTest } from '../support/doubles/world.ts';
import { failedIssuance, issuanceOf, newestIssuance, renew } from '../support/issuing.ts';
import {
  acme,
  bucketOf,
  deferred,
  HOST,
  HOUR,
  issued,
  limitedTo,
  perDomain,
  request,
  typesOf,
} from '../support/limitedWorld.ts';

describe('an issuer whose CA has limits', () => {
  it('reserves before it orders, counts when it is issued, and says so on the ledger', async () => {
    const world = await limitedTo({
      newOrders: { count: 10, period: '10h' },
      certificatesPerDomain: { count: 5, period: '10h' },
      certificatesPerIdentifierSet: { count: 4, period: '10h' },
      failedValidations: { count: 3, period: '1h' },
    });
    await request(world, 'app');
    await issued(world, 'app');
    const types = await typesOf(world, 'app');
    expect(types.indexOf('LimitReserved')).toBe(types.indexOf('OrderIntended') - 1);
    const { limits } = await issuanceOf(world.services, await newestIssuance(world.services, 'shop', 'app'));
    expect(limits!.keys.map((key) => key.split('/')[0])).toEqual([
      'newOrders',
      'certificatesPerDomain',
      'certificatesPerIdentifierSet',
    ]);
    for (const [key, count] of limits!.keys.map((key, index) => [key, [10, 5, 4][index]!] as const)) {
      const bucket = (await bucketOf(world, key))!;
      expect(bucket.reservations).toEqual([]);
      const now = instant(bucket.at);
      expect(tokens({ count, period: 10 * HOUR }, bucket, now)).toBe(count - 1);
    }
  });

  it('puts an order off that would exceed them, shows until when, and orders then', async () => {
    const world = await limitedTo(perDomain(1));
    await request(world, 'one');
    await issued(world, 'one');
    const orders = world.ca.requests.filter((asked) => asked === 'newOrder').length;
    await request(world, 'two');
    const state = await deferred(world, 'two');
    expect(state.deferral).toMatchObject({ reason: 'RateLimited' });
    expect(state.deferral?.detail).toContain('the CA issues certificates for example.test: 1 in 10h');
    expect(state.failure).toBeUndefined();
    const until = millis(state.deferral!.until);
    expect(until - millis(world.services.clock.now())).toBeGreaterThan(9 * HOUR * 1000);
    expect(until - millis(world.services.clock.now())).toBeLessThanOrEqual(10 * HOUR * 1000);
    await world.pass(9 * HOUR);
    expect((await deferred(world, 'two')).run).toBe(state.run);
    expect(world.ca.requests.filter((asked) => asked === 'newOrder')).toHaveLength(orders);
    await world.pass(HOUR + 1);
    await issued(world, 'two');
  });

  it('gives everybody who waits a turn of their own', async () => {
    const world = await limitedTo(perDomain(1));
    await request(world, 'first');
    await issued(world, 'first');
    for (const name of ['second', 'third']) await request(world, name);
    const times = [];
    for (const name of ['second', 'third']) times.push(millis((await deferred(world, name)).deferral!.until));
    expect(Math.abs(times[0]! - times[1]!)).toBe(10 * HOUR * 1000);
  });

  it('gives back what a failed order had reserved', async () => {
    const world = await limitedTo(perDomain(1));
    world.ca.controls.judge = () => ({ type: 'unauthorized', detail: 'no', status: 403 });
    await request(world, 'bad');
    await failedIssuance(world.services, 'shop', 'bad');
    expect(await typesOf(world, 'bad')).toContain('LimitReleased');
    world.ca.controls.judge = undefined;
    await request(world, 'good');
    await issued(world, 'good');
  });

  it('stops ordering for a name whose validation failed too often', async () => {
    const world = await limitedTo({ failedValidations: { count: 1, period: '1h' } });
    world.ca.controls.judge = () => ({ type: 'unauthorized', detail: 'no', status: 403 });
    await request(world, 'bad');
    await failedIssuance(world.services, 'shop', 'bad');
    world.ca.controls.judge = undefined;
    await request(world, 'again', ['bad.example.test', 'more.example.test']);
    const { deferral } = await deferred(world, 'again');
    expect(deferral?.detail).toContain('failed validations of bad.example.test: 1 in 1h');
    await request(world, 'other');
    await issued(world, 'other');
    await world.pass(HOUR + 1);
    await issued(world, 'again');
  });

  it('does not count a renewal of the same names for orders and domains, where the CA does not', async () => {
    const limits = { ...perDomain(1), certificatesPerIdentifierSet: { count: 2, period: '10h' } };
    const world = await limitedTo({ ...limits, renewalsExempt: true });
    await request(world, 'app');
    await issued(world, 'app');
    await renew(world.services, 'shop', 'app', 1);
    await eventually(
      'revision 2',
      async () => (await loadCertificate(world.services, 'shop', 'app')).issued?.revision === 2,
    );
    // The exact set is counted all the same.
    await renew(world.services, 'shop', 'app', 2);
    expect((await deferred(world, 'app')).deferral?.detail).toContain('exactly these names: 2 in 10h');
  });

  it('counts a renewal like any other where the CA does', async () => {
    const world = await limitedTo(perDomain(1));
    await request(world, 'app');
    await issued(world, 'app');
    await renew(world.services, 'shop', 'app', 1);
    expect((await deferred(world, 'app')).deferral?.reason).toBe('RateLimited');
  });

  it('puts off a team that has used its share, though there are tokens, and shows whose share it is', async () => {
    const world = await limitedTo({ ...perDomain(4), teamShares: { shop: { certificatesPerDomain: '25%' } } });
    await request(world, 'one');
    await issued(world, 'one');
    await request(world, 'two');
    const { deferral } = await deferred(world, 'two');
    expect(deferral?.detail).toContain('1 in 10h (the share of team shop)');
  });

  it('goes on after a restart with what was reserved before', async () => {
    const world = await limitedTo(perDomain(1));
    await request(world, 'one');
    await issued(world, 'one');
    await request(world, 'two');
    const { deferral } = await deferred(world, 'two');
    await world.restart();
    expect((await deferred(world, 'two')).deferral).toEqual(deferral);
    const bucket = await bucketOf(world, limitKey.certificatesPerDomain(HOST, 'example.test'));
    expect(bucket?.reservations).toHaveLength(1);
  });
});

describe('a process that dies', () => {
  const limits = {
    newOrders: { count: 5, period: '10h' },
    certificatesPerDomain: { count: 5, period: '10h' },
    certificatesPerIdentifierSet: { count: 5, period: '10h' },
  };

  it.each([
    ['before it reserves', 1, 'before'],
    ['after it has reserved', 1, 'after'],
    ['before it counts the order', 2, 'before'],
    ['after it has counted the order', 2, 'after'],
    ['before it counts the certificate', 3, 'before'],
    ['after it has counted the certificate', 3, 'after'],
  ] as const)('%s counts once all the same', async (_, nth, when) => {
    let writes = 0;
    const world = await worldOfTest({
      decorate: (services) => {
        const { limits: rows } = services;
        const write: typeof rows.write = async (given) => {
          const dies = ++writes === nth;
          if (dies && when === 'before') throw new Error('the process died');
          const answer = await rows.write(given);
          if (dies) throw new Error('the process died');
          return answer;
        };
        return { ...services, limits: { ...rows, write } };
      },
    });
    await putIssuer(world.services, 'shop', 'limited', { acme: { ...acme, rateLimits: limits } });
    await request(world, 'app');
    await issued(world, 'app');
    const state = await eventually('it is done', async () => {
      const one = await issuanceOf(world.services, await newestIssuance(world.services, 'shop', 'app'));
      return one.status === 'succeeded' && one;
    });
    expect(writes).toBeGreaterThanOrEqual(nth);
    for (const key of state.limits!.keys) {
      const bucket = (await bucketOf(world, key))!;
      expect([key, bucket.reservations.length]).toEqual([key, 0]);
      expect([key, tokens({ count: 5, period: 10 * HOUR }, bucket, instant(bucket.at))]).toEqual([key, 4]);
    }
    expect(world.ca.requests.filter((asked) => asked === 'newOrder').length).toBeLessThanOrEqual(2);
  });
});
