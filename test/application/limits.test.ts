import { afterEach, describe, expect, it } from 'vitest';
import { exemptionAt, setKeyOf } from '../../lib/application/issuance/countLimits.ts';
import type { Run } from '../../lib/application/issuance/run.ts';
import { ConflictError } from '../../lib/application/ledger.ts';
import { learnLimit, reserveRegistration } from '../../lib/application/limitLearning.ts';
import { bucketsOf, busyKey, changeBuckets, checkPause, LimitReached, place } from '../../lib/application/limits.ts';
import { limitKey } from '../../lib/domain/caLimits.ts';
import type { Want } from '../../lib/domain/limits.decide.ts';
import { count, fullBucket, tokens } from '../../lib/domain/limits.ts';
import { instant, millis, plusSeconds } from '../../lib/domain/time.ts';
import { AcmeError } from '../../lib/ports/acmeServer.ts';
import { type TestServices, testServices } from '../support/services.ts';

const HOST = 'ca.example.test';
const limit = { count: 5, period: 3600 };
const want = (key: string): Want => ({ key, limit, take: true });
const key = limitKey.certificatesPerDomain(HOST, 'example.test');

const opened: TestServices[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

/** Services whose clock the test moves. */
function made() {
  let now = Date.parse('2026-06-01T00:00:00.000Z');
  const test = testServices({ clock: { now: () => instant(now) } });
  opened.push(test);
  const { services } = test;
  return {
    services,
    pass: (seconds: number) => {
      now += seconds * 1000;
    },
    reserve: (id: string, wants: readonly Want[] = [want(key)]) =>
      changeBuckets(
        services,
        HOST,
        wants.map((one) => one.key),
        (buckets, at) => place(wants, buckets, id, at),
      ),
    async bucket(name: string) {
      const rows = await services.limits.read([name]);
      return bucketsOf(new Map(rows.map((row) => [row.key, row]))).get(name);
    },
  };
}

describe('the buckets of a CA', () => {
  it('give no token twice, however many ask at once', async () => {
    const { reserve, bucket } = made();
    const ids = Array.from({ length: 20 }, (_, index) => `order/${index}`);
    const answers = await Promise.allSettled(ids.map((id) => reserve(id)));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    const times = answers.flatMap((answer) =>
      answer.status === 'rejected' ? [millis((answer.reason as LimitReached).until)] : [],
    );
    expect(answers.every((one) => one.status === 'fulfilled' || one.reason instanceof LimitReached)).toBe(true);
    expect(new Set(times).size).toBe(15);
    expect((await bucket(key))?.reservations).toHaveLength(20);
  });

  it('are reserved once by who asks twice', async () => {
    const { services, reserve } = made();
    await reserve('order/1');
    const [before] = await services.limits.read([key]);
    await reserve('order/1');
    expect(await services.limits.read([key])).toEqual([before]);
  });

  it('are reserved all or none, more of them than one write takes too', async () => {
    const { reserve, bucket, services } = made();
    const wants = Array.from({ length: 200 }, (_, index) =>
      want(limitKey.certificatesPerDomain(HOST, `d${index}.test`)),
    );
    await reserve('order/1', wants);
    expect((await bucket(wants[199]!.key))?.reservations).toHaveLength(1);
    await changeBuckets(services, HOST, [wants[7]!.key], (buckets, now) => {
      let one = buckets.get(wants[7]!.key)!;
      for (let index = 0; index < 4; index++) one = count(limit, one, String(index), now);
      return { changed: new Map([[wants[7]!.key, { bucket: one, limit }]]), answer: undefined };
    });
    await expect(reserve('order/2', wants)).rejects.toThrow(/certificates for d7\.test: 5 in 1h; the next turn is at/);
    // It has a place at the common time, and holds no token of the others now.
    const other = (await bucket(wants[0]!.key))!;
    expect(other.reservations.map(({ id, from }) => [id, from > other.at])).toEqual([
      ['order/1', false],
      ['order/2', true],
    ]);
  });

  it('are given up when others are first every time', async () => {
    const { services } = made();
    const limits = { ...services.limits, write: async () => 'conflict' as const };
    const ids = { ...services.ids, random: () => 0 };
    const change = changeBuckets({ ...services, limits, ids }, HOST, [key], (buckets, now) =>
      place([want(key)], buckets, 'a', now),
    );
    await expect(change).rejects.toThrow(ConflictError);
  });

  it('that are half used and more are listed for whoever looks, and leave the list when another joins later', async () => {
    const { services, reserve, pass } = made();
    const listed = async () => {
      const [row] = await services.limits.read([busyKey(HOST)]);
      return Object.keys((row?.doc as { until: object } | undefined)?.until ?? {});
    };
    await reserve('a');
    await reserve('b');
    expect(await listed()).toEqual([]);
    await reserve('c');
    expect(await listed()).toEqual([key]);
    pass(10 * 3600);
    const other = want(limitKey.certificatesPerDomain(HOST, 'example.org'));
    for (const id of ['d', 'e', 'f']) await reserve(id, [other]);
    expect(await listed()).toEqual([other.key]);
  });
});

describe('what a CA says', () => {
  const spec = { server: `https://${HOST}/dir`, solvers: [] };
  const error = (problem: { type: string; status: number; detail: string }, retryAt?: string) =>
    new AcmeError('newOrder', { class: 'atTime', problem, ...(retryAt && { retryAt }) });
  const busy = { type: 'serverInternal', status: 503, detail: 'busy' };

  it('is believed until its time, and for a week at most', async () => {
    const { services, pass } = made();
    const retryAt = plusSeconds(services.clock.now(), 30 * 86_400);
    const learnt = await learnLimit(services, { spec, issuer: 'shop/ca' }, error(busy, retryAt));
    expect(learnt).toEqual({ key: limitKey.ca(HOST), retryAt: plusSeconds(services.clock.now(), 7 * 86_400) });
    await expect(checkPause(services, spec)).rejects.toThrow(LimitReached);
    pass(7 * 86_400);
    await checkPause(services, spec);
  });

  it.each([
    ['a fault without a time', busy, undefined],
    ['a fault that is no call for patience', { ...busy, status: 500 }, plusSeconds('2026-06-01T00:00:00.000Z', 60)],
    ['another refusal', { type: 'caa', status: 403, detail: 'no' }, plusSeconds('2026-06-01T00:00:00.000Z', 60)],
  ])('is not taken from %s', async (_, problem, retryAt) => {
    const { services } = made();
    expect(await learnLimit(services, { spec, issuer: 'shop/ca' }, error(problem, retryAt))).toBeUndefined();
    await checkPause(services, spec);
  });
});

describe('new accounts', () => {
  const spec = {
    server: `https://${HOST}/dir`,
    solvers: [],
    rateLimits: { newRegistrations: { count: 1, period: '3h' } },
  };

  it('are counted when they are registered, and wait when there were too many', async () => {
    const { services, bucket } = made();
    const registered = await reserveRegistration(services, 'account/shop/a', spec);
    await registered();
    await registered();
    const one = (await bucket(limitKey.newRegistrations(HOST)))!;
    expect(tokens({ count: 1, period: 10_800 }, one, services.clock.now())).toBe(0);
    await expect(reserveRegistration(services, 'account/shop/b', spec)).rejects.toThrow(LimitReached);
  });

  it('are not counted where nothing is known', async () => {
    const { services, bucket } = made();
    await (await reserveRegistration(services, 'account/shop/a', { ...spec, rateLimits: undefined }))();
    expect(await bucket(limitKey.newRegistrations(HOST))).toBeUndefined();
  });
});

it('a bucket that nobody knows is full', () => {
  expect(tokens(limit, fullBucket, '2026-06-01T00:00:00.000Z')).toBe(5);
});

describe('an order that names what it replaces', () => {
  const server = 'https://acme-v02.api.letsencrypt.org/directory';
  const identifiers = [{ type: 'dns', value: 'app.example.test' }] as const;
  const window = { start: '2026-06-01T00:00:00.000Z', end: '2026-06-02T00:00:00.000Z' };
  const run = (replaces: string | undefined, known: typeof window | undefined) =>
    ({
      issuance: { identifiers, replaces },
      certificate: { renewalInfo: known && { window: known } },
    }) as unknown as Run;

  it.each([
    ['inside the window', 'certId', window, '2026-06-01T12:00:00.000Z', 'ari'],
    ['at its first instant', 'certId', window, window.start, 'ari'],
    ['at its end', 'certId', window, window.end, undefined],
    ['before it', 'certId', window, '2026-05-31T23:59:59.999Z', undefined],
    ['where no window is known', 'certId', undefined, window.start, undefined],
    ['not at all', undefined, window, window.start, undefined],
  ])('%s', (_, replaces, known, now, exemption) => {
    expect(exemptionAt(run(replaces, known), { server, solvers: [] }, new Map(), now)).toBe(exemption);
    const other = { server: 'https://ca.example.test/dir', solvers: [] };
    expect(exemptionAt(run(replaces, known), other, new Map(), now)).toBeUndefined();
  });

  it('too late is a renewal, where the CA issued for these names within 120 days', () => {
    const spec = { server, solvers: [] };
    const late = run('certId', window);
    const key = setKeyOf(late, spec);
    const at = (seconds: number) => plusSeconds(window.end, seconds);
    const buckets = new Map([[key, count(limit, fullBucket, 'a', window.end)]]);
    expect(exemptionAt(late, spec, buckets, at(1))).toBe('renewal');
    expect(exemptionAt(late, spec, buckets, at(120 * 86_400 - 1))).toBe('renewal');
    expect(exemptionAt(late, spec, buckets, at(120 * 86_400))).toBeUndefined();
  });
});
