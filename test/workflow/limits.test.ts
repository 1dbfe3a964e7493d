import { describe, expect, it } from 'vitest';
import { describeCertificate } from '../../lib/application/certificateView.ts';
import { readBuckets } from '../../lib/application/limits/buckets.ts';
import { resumeLimits } from '../../lib/application/limits/resume.ts';
import { ISSUANCES } from '../../lib/application/projections.ts';
import { limitKey } from '../../lib/domain/caLimits.ts';
import { issuerStream } from '../../lib/domain/issuer.ts';
import { tokens } from '../../lib/domain/limits.ts';
import type { RateLimitsSpec } from '../../lib/domain/rateLimits.ts';
import { instant, millis, plusSeconds } from '../../lib/domain/time.ts';
import { AcmeError } from '../../lib/ports/acmeServer.ts';
import { eventually, loadCertificate, putIssuer, requestCertificate, settled } from '../support/core.ts';
import { type World, worldOfTest } from '../support/doubles/world.ts';
import { eventsOf, failedIssuance, issuanceOf, newestIssuance, renew } from '../support/issuing.ts';
import { specOf } from '../support/specs.ts';

const HOST = 'ca';
const HOUR = 3600;
const issuerRef = { name: 'limited', kind: 'Issuer' } as const;
const acme = { server: 'https://ca', solvers: [{ dns01: { webhook: { url: 'https://dns' } } }] };

/** A world whose issuer `limited` has these limits. */
async function limitedTo(rateLimits: RateLimitsSpec | undefined): Promise<World> {
  const world = await worldOfTest();
  await putIssuer(world.services, 'shop', 'limited', { acme: { ...acme, rateLimits } });
  return world;
}

const request = ({ services }: World, name: string, dnsNames = [`${name}.example.test`]) =>
  requestCertificate(services, 'shop', name, specOf({ dnsNames, issuerRef, secretName: name }));
const issued = ({ services }: World, name: string) => settled(services, 'shop', name);
const typesOf = async ({ services }: World, name: string) =>
  (await eventsOf(services, await newestIssuance(services, 'shop', name))).map(({ type }) => type);
const deferred = ({ services }: World, name: string) =>
  eventually(`${name} waits`, async () => {
    const state = await issuanceOf(services, await newestIssuance(services, 'shop', name));
    return state.status === 'deferred' && state;
  });

const failingRows = ({ services }: World) => services.views.earliest(ISSUANCES, 'owed', { limit: 10 });

async function bucketOf({ services }: World, key: string) {
  return (await readBuckets(services, [key])).get(key);
}

const perDomain = (count: number, period = '10h') => ({ certificatesPerDomain: { count, period } });

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

describe('a CA that says what it allows', () => {
  const slowDown = (world: World, detail: string, status = 429) => {
    const retryAt = plusSeconds(world.services.clock.now(), HOUR);
    const type = status === 429 ? 'rateLimited' : 'serverInternal';
    return new AcmeError('newOrder', { class: 'atTime', problem: { type, detail, status }, retryAt });
  };

  const refuseOrders = (world: World, error: () => AcmeError): void => {
    let refused = false;
    world.ca.controls.before = (asked) => {
      if (asked !== 'newOrder' || refused) return;
      refused = true;
      throw error();
    };
  };

  it.each([
    ['429', 429],
    ['503', 503],
  ])('with %s is asked nothing before its time, by any certificate of the account', async (_, status) => {
    const world = await limitedTo(undefined);
    refuseOrders(world, () => slowDown(world, 'slow down', status));
    await request(world, 'one');
    const failed = await failedIssuance(world.services, 'shop', 'one');
    expect(failed.failure).toMatchObject({ class: 'atTime' });
    expect(await typesOf(world, 'one')).toContain('LimitCorrected');
    const asked = world.ca.requests.length;
    await request(world, 'two');
    const { deferral } = await deferred(world, 'two');
    expect(deferral).toMatchObject({ reason: 'RateLimited', until: failed.failure.retryAt });
    expect(world.ca.requests).toHaveLength(asked);
    await world.pass(HOUR + 1);
    await issued(world, 'one');
    await issued(world, 'two');
  });

  it('of a pause that a person ends is told with its link, and keeps no other name waiting', async () => {
    const world = await limitedTo(perDomain(50, '168h'));
    const link = 'https://portal.example.test/sfe/v1/unpause?jwt=e30.e30.c2ln';
    const detail = `Your account is temporarily prevented from requesting certificates for one.example.test. Please visit: ${link}`;
    const problem = { type: 'rateLimited', detail, status: 429 };
    refuseOrders(world, () => new AcmeError('newOrder', { class: 'person', problem }));
    await request(world, 'one');
    expect((await failedIssuance(world.services, 'shop', 'one')).failure.class).toBe('person');
    expect(await typesOf(world, 'one')).not.toContain('LimitCorrected');
    const { view } = await describeCertificate(world.services, 'shop', 'one');
    expect(JSON.stringify(view)).toContain(link);
    await request(world, 'other');
    await issued(world, 'other');
  });

  it('of a pause that a person has ended is asked again as soon as an operator says so', async () => {
    const world = await limitedTo(undefined);
    const detail =
      'Your account is temporarily prevented from requesting certificates for one.example.test. Please visit: https://portal.example.test/unpause';
    refuseOrders(
      world,
      () => new AcmeError('newOrder', { class: 'person', problem: { type: 'rateLimited', detail, status: 429 } }),
    );
    await request(world, 'one');
    await failedIssuance(world.services, 'shop', 'one');
    const resume = (identifier?: string) =>
      resumeLimits(world.services, { issuer: 'shop/limited', identifier }, { actor: 'token:ops' });
    await eventually('the failure is in the view', async () => (await failingRows(world)).length === 1);
    expect(await resume('elsewhere.test')).toMatchObject({ resumed: 0 });
    expect(await resume('one.example.test')).toEqual({
      issuer: 'shop/limited',
      identifier: 'one.example.test',
      lifted: [],
      resumed: 1,
    });
    await issued(world, 'one');
  });

  it.each([
    ['429', 429, 'account/'],
    ['503', 503, 'ca/'],
  ])('with %s is asked again at once when an operator says so, for everybody who waits', async (_, status, kind) => {
    const world = await limitedTo(undefined);
    await putIssuer(world.services, 'shop', 'peer', { acme });
    refuseOrders(world, () => slowDown(world, 'slow down', status));
    await request(world, 'one');
    await failedIssuance(world.services, 'shop', 'one');
    await request(world, 'two');
    await deferred(world, 'two');
    await eventually('both are in the view', async () => (await failingRows(world)).length === 2);
    const answer = await resumeLimits(world.services, { issuer: 'shop/limited' }, { actor: 'token:ops' });
    expect(answer.lifted).toEqual([expect.stringMatching(new RegExp(`^${kind}`))]);
    expect(answer.resumed).toBe(2);
    await issued(world, 'one');
    await issued(world, 'two');
    const events = await eventsOf(world.services, issuerStream('shop', 'limited'));
    expect(events.filter(({ type }) => type === 'LimitsResumed')).toEqual([
      { type: 'LimitsResumed', keys: answer.lifted },
    ]);
  });

  it('is believed again when it says the same after it was lifted', async () => {
    const world = await limitedTo(undefined);
    world.ca.controls.before = (asked) => {
      if (asked === 'newOrder') throw slowDown(world, 'slow down');
    };
    await request(world, 'one');
    const { run } = await failedIssuance(world.services, 'shop', 'one');
    await eventually('it is in the view', async () => (await failingRows(world)).length === 1);
    await resumeLimits(world.services, { issuer: 'shop/limited' }, { actor: 'token:ops' });
    const again = await failedIssuance(world.services, 'shop', 'one', run);
    expect(again.failure.class).toBe('atTime');
    await request(world, 'two');
    expect((await deferred(world, 'two')).deferral?.until).toBe(again.failure.retryAt);
  });

  it('of a domain whose count is wrong here goes on for that name alone; counts of others stay', async () => {
    const world = await limitedTo(perDomain(1));
    await request(world, 'one');
    await issued(world, 'one');
    await request(world, 'elsewhere', ['www.example.org']);
    await issued(world, 'elsewhere');
    await request(world, 'two');
    await deferred(world, 'two');
    await request(world, 'more', ['more.example.org']);
    await deferred(world, 'more');
    await eventually('both are in the view', async () => (await failingRows(world)).length === 2);
    const whole = await resumeLimits(world.services, { issuer: 'shop/limited' }, { actor: 'token:ops' });
    expect(whole.lifted).toEqual([]);
    await deferred(world, 'two');
    await eventually('both are in the view', async () => (await failingRows(world)).length === 2);
    const one = await resumeLimits(
      world.services,
      { issuer: 'shop/limited', identifier: 'TWO.example.test' },
      { actor: 'token:ops' },
    );
    expect(one).toMatchObject({ lifted: [limitKey.certificatesPerDomain(HOST, 'example.test')], resumed: 1 });
    await issued(world, 'two');
    await deferred(world, 'more');
  });

  it('of one domain leaves the others alone', async () => {
    const world = await limitedTo(perDomain(50, '168h'));
    const detail = 'too many certificates (50) already issued for "example.test" in the last 168h0m0s, retry after x';
    refuseOrders(world, () => slowDown(world, detail));
    await request(world, 'one');
    const { failure } = await failedIssuance(world.services, 'shop', 'one');
    await request(world, 'other', ['app.example.org']);
    await issued(world, 'other');
    await request(world, 'two');
    // One token is there at that time, and the one that failed has no place: the first who asks has it.
    expect((await deferred(world, 'two')).deferral?.until).toBe(failure.retryAt);
  });

  it('leaves no row and no event behind where it says nothing and nobody knows its limits', async () => {
    const world = await limitedTo(undefined);
    const written: unknown[] = [];
    const { limits } = world.services;
    const write = limits.write;
    Object.assign(limits, { write: (rows: never) => written.push(rows) && write(rows) });
    await request(world, 'app');
    await issued(world, 'app');
    expect((await typesOf(world, 'app')).filter((type) => type.startsWith('Limit'))).toEqual([]);
    expect(written).toEqual([]);
  });
});
