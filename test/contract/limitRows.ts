import { describe, expect, test } from 'vitest';
import { systemClock, systemIds } from '../../lib/adapters/system/system.ts';
import { changeBuckets, LimitReached, place } from '../../lib/application/limits/buckets.ts';
import { limitKey } from '../../lib/domain/caLimits.ts';
import { type LimitRows, MOST_LIMIT_ROWS } from '../../lib/ports/limitRows.ts';
import { type MakeFixture, withFixture } from './fixture.ts';

/** Long after any run of these tests. */
const LATER = '2099-01-01T00:00:00.000Z';
const first = (key: string, doc: object = { is: key }) => ({ key, version: 0, doc, expires: LATER });

/** The contract of the rows of CAs' limits. Run on every adapter. */
export function limitRowsContract(make: MakeFixture<LimitRows>): void {
  describe('LimitRows', () => {
    test('reads what was written, and nothing for what was not', () =>
      withFixture(make, async (rows) => {
        expect(await rows.read(['a', 'b'])).toEqual([]);
        expect(await rows.read([])).toEqual([]);
        const doc = { fullAt: 1.5, reservations: [{ id: 'é/"1"', from: 0 }], none: null };
        expect(await rows.write([first('a', doc), first('c')])).toBe('written');
        expect(await rows.read(['b', 'a', 'ca/x'])).toEqual([{ key: 'a', version: 1, doc }]);
        expect((await rows.read(['a', 'c'])).map(({ key }) => key).toSorted()).toEqual(['a', 'c']);
      }));

    test('counts versions, and writes only over the one that was read', () =>
      withFixture(make, async (rows) => {
        await rows.write([first('a')]);
        expect(await rows.write([first('a')])).toBe('conflict');
        expect(await rows.write([{ ...first('a', { is: 2 }), version: 1 }])).toBe('written');
        expect(await rows.write([{ ...first('a', { is: 3 }), version: 1 }])).toBe('conflict');
        expect(await rows.write([{ ...first('b'), version: 1 }])).toBe('conflict');
        expect(await rows.read(['a', 'b'])).toEqual([{ key: 'a', version: 2, doc: { is: 2 } }]);
      }));

    test('writes all rows or none', () =>
      withFixture(make, async (rows) => {
        await rows.write([first('b')]);
        expect(await rows.write([first('a'), first('b'), first('c')])).toBe('conflict');
        expect(await rows.read(['a', 'c'])).toEqual([]);
        expect(await rows.write([first('a'), { ...first('b'), version: 1 }, first('c')])).toBe('written');
        expect((await rows.read(['a', 'b', 'c'])).map(({ version }) => version).toSorted()).toEqual([1, 1, 2]);
        expect(await rows.write([])).toBe('written');
      }));

    test('lets one of several simultaneous writers win', () =>
      withFixture(make, async (rows) => {
        await rows.write([first('hot')]);
        const write = (by: number) => rows.write([{ ...first('hot', { by }), version: 1 }, first(`own/${by}`)]);
        const answers = await Promise.all(Array.from({ length: 6 }, (_, by) => write(by)));
        expect(answers.filter((answer) => answer === 'written')).toHaveLength(1);
        const [hot] = await rows.read(['hot']);
        expect(hot).toEqual({ key: 'hot', version: 2, doc: { by: answers.indexOf('written') } });
        const own = await rows.read(Array.from({ length: 6 }, (_, by) => `own/${by}`));
        expect(own.map(({ key }) => key)).toEqual([`own/${answers.indexOf('written')}`]);
      }));

    test('gives no token twice to those who reserve at one time', () =>
      withFixture(make, async (limits) => {
        const host = 'ca.example.test';
        const wants = ['a.test', 'b.test'].map((name) => ({
          key: limitKey.certificatesPerDomain(host, name),
          limit: { count: 3, period: 3600 },
          take: true,
        }));
        const services = { limits, clock: systemClock, ids: systemIds };
        const keys = wants.map(({ key }) => key);
        const reserve = (id: string) =>
          changeBuckets(services, host, keys, (found, now) => place(wants, found, id, now));
        const answers = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => reserve(`order/${index}`)));
        expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
        const turns = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
        expect(turns.every((reason) => reason instanceof LimitReached)).toBe(true);
        expect(new Set(turns.map(({ until }) => until)).size).toBe(5);
      }));

    test('takes as many rows as it says, and long ones', () =>
      withFixture(make, async (rows) => {
        const reservations = Array.from({ length: 500 }, (_, index) => ({ id: `issuance/${index}`, from: index }));
        const keys = Array.from({ length: MOST_LIMIT_ROWS }, (_, index) => `row/${index}`);
        const writes = keys.map((key, index) => first(key, index === 0 ? { reservations } : {}));
        expect(await rows.write(writes)).toBe('written');
        expect(await rows.read([...keys, ...keys.map((key) => `no/${key}`)])).toHaveLength(MOST_LIMIT_ROWS);
        expect((await rows.read(['row/0']))[0]?.doc).toEqual({ reservations });
      }));

    test('finds after a restart what was written before', () =>
      withFixture(make, async (rows, fixture) => {
        await rows.write([first('a')]);
        expect(await (await fixture.reopen()).read(['a'])).toEqual([{ key: 'a', version: 1, doc: { is: 'a' } }]);
      }));
  });
}
