import { describe, expect, it } from 'vitest';
import { ConflictError } from '../../../lib/application/ledger.ts';
import { busyKey, changeBuckets, LimitReached, place } from '../../../lib/application/limits/buckets.ts';
import { limitKey } from '../../../lib/domain/caLimits.ts';
import { count, fullBucket, tokens } from '../../../lib/domain/limits.ts';
import { millis } from '../../../lib/domain/time.ts';
import { HOST, key, limit, limitServices, want } from '../../support/limitServices.ts';

describe('the buckets of a CA', () => {
  it('give no token twice, however many ask at once', async () => {
    const { reserve, bucket } = limitServices();
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
    const { services, reserve } = limitServices();
    await reserve('order/1');
    const [before] = await services.limits.read([key]);
    await reserve('order/1');
    expect(await services.limits.read([key])).toEqual([before]);
  });

  it('are reserved all or none, more of them than one write takes too', async () => {
    const { reserve, bucket, services } = limitServices();
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
    const { services } = limitServices();
    const limits = { ...services.limits, write: async () => 'conflict' as const };
    const ids = { ...services.ids, random: () => 0 };
    const change = changeBuckets({ ...services, limits, ids }, HOST, [key], (buckets, now) =>
      place([want(key)], buckets, 'a', now),
    );
    await expect(change).rejects.toThrow(ConflictError);
  });

  it('that are half used and more are listed for whoever looks, and leave the list when another joins later', async () => {
    const { services, reserve, pass } = limitServices();
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

it('a bucket that nobody knows is full', () => {
  expect(tokens(limit, fullBucket, '2026-06-01T00:00:00.000Z')).toBe(5);
});
