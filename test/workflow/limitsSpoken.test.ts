import { describe, expect, it } from 'vitest';
import { describeCertificate } from '../../lib/application/certificateView.ts';
import { resumeLimits } from '../../lib/application/limits/resume.ts';
import { ISSUANCES } from '../../lib/application/projections.ts';
import { limitKey } from '../../lib/domain/caLimits.ts';
import { issuerStream } from '../../lib/domain/issuer.ts';
import { plusSeconds } from '../../lib/domain/time.ts';
import { AcmeError } from '../../lib/ports/acmeServer.ts';
import { eventually, putIssuer } from '../support/core.ts';
import type { World } from '../support/doubles/world.ts';
import { eventsOf, failedIssuance } from '../support/issuing.ts';
import { acme, deferred, HOST, HOUR, issued, limitedTo, perDomain, request, typesOf } from '../support/limitedWorld.ts';

const failingRows = ({ services }: World) => services.views.earliest(ISSUANCES, 'owed', { limit: 10 });

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
