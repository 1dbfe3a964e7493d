import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Buckets, HELD, reserveAll, type Want } from '../../lib/domain/limits.decide.ts';
import {
  type Bucket,
  correct,
  count,
  forgettableAt,
  fullBucket,
  type Limit,
  nextFree,
  refill,
  release,
  reservationOf,
  reserve,
  spend,
  tokens,
  useOf,
} from '../../lib/domain/limits.ts';
import { type Instant, instant, millis, plusSeconds } from '../../lib/domain/time.ts';

const T0: Instant = '2026-06-01T00:00:00.000Z';
const start = millis(T0);
const at = (seconds: number): Instant => plusSeconds(T0, seconds);
/** A token every ten seconds. */
const three: Limit = { count: 3, period: 30 };
const expires = start + HELD;

const spent = (limit: Limit, bucket: Bucket, times: number, now: Instant): Bucket =>
  Array.from({ length: times }).reduce<Bucket>((one, _, index) => count(limit, one, `${now}/${index}`, now), bucket);

describe('a bucket', () => {
  it('is full when nobody knows it, loses a token a count, and fills up again at an even pace', () => {
    expect(tokens(three, fullBucket, T0)).toBe(3);
    const empty = spent(three, fullBucket, 3, T0);
    expect(tokens(three, empty, T0)).toBe(0);
    expect(tokens(three, empty, at(5))).toBe(0.5);
    expect(tokens(three, empty, at(30))).toBe(3);
    expect(tokens(three, empty, at(3000))).toBe(3);
  });

  it('says when the next token is free', () => {
    const empty = spent(three, fullBucket, 3, T0);
    expect(nextFree(three, fullBucket, T0)).toBe(start);
    expect(nextFree(three, empty, T0)).toBe(start + 10_000);
    expect(nextFree(three, empty, at(12))).toBe(start + 12_000);
  });

  it('keeps a token for a reservation, and gives it back when that expires or is released', () => {
    let bucket = fullBucket;
    for (const id of ['a', 'b', 'c']) bucket = reserve(bucket, { id, from: start, expires: start + 5000 }, T0);
    expect(nextFree(three, bucket, T0)).toBeGreaterThan(start);
    expect(nextFree(three, release(bucket, 'b'), T0)).toBe(start);
    expect(nextFree(three, bucket, at(5))).toBe(start + 5000);
    expect(tokens(three, bucket, at(5))).toBe(3);
  });

  it('counts one reservation once, however often it is made and spent', () => {
    const reservation = { id: 'a', from: start, expires };
    const twice = reserve(reserve(fullBucket, reservation, T0), reservation, T0);
    expect(twice.reservations).toHaveLength(1);
    const once = spend(three, twice, reservation, at(1));
    expect(tokens(three, once, at(1))).toBe(2);
    expect(spend(three, once, reservation, at(2))).toBe(once);
  });

  it('counts what was used after its reservation had expired, once', () => {
    const reservation = { id: 'a', from: start, expires: start + 1000 };
    const bucket = reserve(fullBucket, reservation, T0);
    const other = reserve(bucket, { id: 'b', from: start + 2000, expires }, at(2));
    expect(other.reservations.map(({ id }) => id)).toEqual(['b']);
    const late = spend(three, other, reservation, at(3));
    expect(tokens(three, late, at(3))).toBe(2);
    expect(spend(three, late, reservation, at(4))).toBe(late);
  });

  it('counts without a reservation once an hour for one id', () => {
    const once = count(three, fullBucket, 'a', T0);
    expect(count(three, once, 'a', at(10))).toBe(once);
    expect(tokens(three, count(three, once, 'b', T0), T0)).toBe(1);
  });

  it('believes the CA: nothing before its time, and one token then', () => {
    const bucket = correct(three, fullBucket, at(100), T0);
    expect(nextFree(three, bucket, T0)).toBe(start + 100_000);
    expect(tokens(three, bucket, at(100))).toBe(1);
    expect(useOf(three, bucket, T0)).toMatchObject({ percent: 100, nextFree: at(100) });
    expect(correct(three, bucket, at(50), T0)).toMatchObject({ blockedUntil: start + 100_000 });
    expect(correct(three, fullBucket, T0, at(1))).toBe(fullBucket);
  });

  it('without a limit knows only what the CA said', () => {
    const bucket = correct(undefined, fullBucket, at(100), T0);
    expect(nextFree(undefined, bucket, T0)).toBe(start + 100_000);
    expect(nextFree(undefined, bucket, at(100))).toBe(start + 100_000);
    expect(nextFree(undefined, bucket, at(101))).toBe(start + 101_000);
  });

  it('tells how it stands', () => {
    let bucket = spent(three, fullBucket, 1, T0);
    bucket = reserve(bucket, { id: 'a', from: start, expires }, T0);
    bucket = reserve(bucket, { id: 'b', from: start + 60_000, expires: expires + 60_000 }, T0);
    const use = useOf(three, bucket, T0);
    expect(use).toMatchObject({ used: 1, reserved: 1, waiting: 1, nextFree: T0 });
    expect(use.percent).toBeCloseTo(66.7, 1);
  });

  it('can be forgotten once it is full, unreserved and unblocked', () => {
    const reservation = { id: 'a', from: start, expires: start + 7_000_000 };
    expect(forgettableAt(reserve(fullBucket, reservation, T0))).toBe(start + 7_000_000);
    expect(forgettableAt(correct(undefined, fullBucket, at(9), T0))).toBe(start + 9000);
    const used = spend(three, reserve(fullBucket, reservation, T0), reservation, T0);
    expect(forgettableAt(used)).toBe(start + 10_000);
    expect(forgettableAt(used, 60_000)).toBe(start + 60_000);
  });
});

const want = (key: string, limit: Limit | undefined = three): Want => ({ key, limit, take: true });
const apply = (buckets: Buckets, changed: Buckets): Buckets => new Map([...buckets, ...changed]);

describe('an order', () => {
  it('gets a token of every bucket, or of none', () => {
    const buckets = new Map([['scarce', spent(three, fullBucket, 3, T0)]]);
    const wants = [want('free'), want('scarce')];
    const place = reserveAll(wants, buckets, 'a', T0);
    expect(place).toMatchObject({ granted: false, at: at(10), scarce: 'scarce' });
    const standing = apply(buckets, place.changed);
    // Its token of the other bucket is not held meanwhile.
    expect(useOf(three, standing.get('free')!, T0)).toMatchObject({ reserved: 0, waiting: 1 });
    expect(reserveAll([want('free')], standing, 'b', T0).granted).toBe(true);
  });

  it('that waits keeps its place, and has its turn when it comes', () => {
    let buckets: Buckets = new Map([['k', spent(three, fullBucket, 3, T0)]]);
    const ask = (id: string, now: Instant) => {
      const place = reserveAll([want('k')], buckets, id, now);
      buckets = apply(buckets, place.changed);
      return place;
    };
    expect(['a', 'b', 'c'].map((id) => ask(id, T0).at)).toEqual([at(10), at(20), at(30)]);
    expect(ask('a', at(3))).toMatchObject({ granted: false, at: at(10) });
    expect(ask('d', at(10))).toMatchObject({ granted: false, at: at(40) });
    expect(ask('a', at(10))).toMatchObject({ granted: true });
    expect(ask('b', at(10))).toMatchObject({ granted: false, at: at(20) });
  });

  it('asked twice reserves once', () => {
    const first = reserveAll([want('k')], new Map(), 'a', T0);
    const again = reserveAll([want('k')], apply(new Map(), first.changed), 'a', at(1));
    expect(again.granted).toBe(true);
    expect(again.changed.size).toBe(0);
  });

  it('waits where there is nothing to take either, and leaves it as it is', () => {
    const buckets = new Map([['failures', spent(three, fullBucket, 3, T0)]]);
    const place = reserveAll([{ key: 'failures', limit: three, take: false }, want('k')], buckets, 'a', T0);
    expect(place).toMatchObject({ granted: false, at: at(10), scarce: 'failures' });
    expect([...place.changed.keys()]).toEqual(['k']);
  });

  it('without buckets is free', () => {
    expect(reserveAll([], new Map(), 'a', T0)).toMatchObject({ granted: true, at: T0 });
  });

  it('does not push others aside that wait for a time which it would take', () => {
    const one: Limit = { count: 1, period: 10 };
    const waiting = reserve(fullBucket, { id: 'w', from: start + 5000, expires }, T0);
    // Spent now, the only token would be missing in five seconds.
    expect(nextFree(one, waiting, T0)).toBe(start + 15_000);
    expect(nextFree(three, waiting, T0)).toBe(start);
  });
});

/** What happens to one bucket: time goes on, and somebody asks, uses or gives up. */
const step = fc.record({
  seconds: fc.integer({ min: 0, max: 30 }),
  act: fc.constantFrom('ask', 'ask', 'spend', 'release', 'wait'),
  who: fc.integer({ min: 0, max: 9 }),
});
const limits = fc.record({ count: fc.integer({ min: 1, max: 6 }), period: fc.integer({ min: 1, max: 120 }) });

describe('whatever happens', () => {
  it('no window ever has more spent than the bucket holds and gains in it', () => {
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 80 }), (limit, steps) => {
        let buckets: Buckets = new Map();
        const held = new Map<string, { id: string; expires: number }>();
        const uses: number[] = [];
        const turns = new Map<number, number>();
        let now = start;
        for (const { seconds, act, who } of steps) {
          now += seconds * 1000;
          const time = instant(now);
          const id = `${who}/${turns.get(who) ?? 0}`;
          const mine = held.get(id);
          if (act === 'ask' && !mine) {
            const place = reserveAll([want('k', limit)], buckets, id, time);
            buckets = apply(buckets, place.changed);
            if (place.granted) held.set(id, { id, expires: reservationOf(buckets.get('k')!, id, time)!.expires });
          } else if (act === 'spend' && mine && mine.expires > now) {
            buckets = apply(buckets, new Map([['k', spend(limit, buckets.get('k')!, mine, time)]]));
            uses.push(now);
          } else if (act === 'release' && buckets.has('k')) {
            buckets = apply(buckets, new Map([['k', release(buckets.get('k')!, id)]]));
          }
          if (mine && act !== 'ask') {
            held.delete(id);
            turns.set(who, (turns.get(who) ?? 0) + 1);
          }
        }
        const each = refill(limit);
        for (let from = 0; from < uses.length; from++) {
          for (let to = from; to < uses.length; to++) {
            const gained = (uses[to]! - uses[from]!) / each;
            expect(to - from + 1).toBeLessThanOrEqual(limit.count + gained + 1e-9);
          }
        }
      }),
    );
  });

  it('a clock that goes back gives no token and takes none', () => {
    fc.assert(
      fc.property(limits, fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 86_400 }), (limit, used, back) => {
        const bucket = spent(limit, fullBucket, Math.min(used, limit.count), T0);
        if (used === 0) return;
        expect(tokens(limit, bucket, at(-back))).toBe(tokens(limit, bucket, T0));
        expect(nextFree(limit, bucket, at(-back))).toBe(nextFree(limit, bucket, T0));
      }),
    );
  });

  it('the order of counts and releases at one time changes nothing', () => {
    const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 });
    fc.assert(
      fc.property(limits, ids, ids, (limit, counted, released) => {
        let reserved = fullBucket;
        for (const id of ['a', 'b', 'c', 'd']) reserved = reserve(reserved, { id, from: start, expires }, T0);
        const run = (bucket: Bucket, list: readonly string[]) =>
          list.reduce((one, id) => count(limit, one, `x${id}`, T0), bucket);
        const give = (bucket: Bucket, list: readonly string[]) => list.reduce((one, id) => release(one, id), bucket);
        const one = give(run(reserved, counted), released);
        const other = run(give(reserved, [...released].reverse()), [...counted].reverse());
        expect(tokens(limit, one, T0)).toBe(tokens(limit, other, T0));
        expect(one.reservations).toEqual(other.reservations);
      }),
    );
  });

  it('everybody who waits has a time of their own, and nobody who came first has a later one', () => {
    fc.assert(
      fc.property(limits, fc.integer({ min: 1, max: 30 }), (limit, many) => {
        let buckets: Buckets = new Map([['k', spent(limit, fullBucket, limit.count, T0)]]);
        const times: number[] = [];
        for (let id = 0; id < many; id++) {
          const place = reserveAll([want('k', limit)], buckets, String(id).padStart(3, '0'), T0);
          buckets = apply(buckets, place.changed);
          times.push(millis(place.at));
        }
        expect(times).toEqual(times.map((_, index) => start + (index + 1) * refill(limit)));
      }),
    );
  });
});
