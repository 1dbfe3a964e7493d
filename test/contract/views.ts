import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ViewRow, Views, Watched } from '../../lib/ports/views.ts';
import { type MakeFixture, withFixture } from './fixture.ts';

const row = (key: string, version: number, doc: ViewRow['doc'] = {}, owner = 'payments'): ViewRow => ({
  view: 'certificates',
  key,
  version,
  owner,
  doc,
});

const keys = (rows: readonly (ViewRow | Watched)[]): string[] => rows.map((found) => found.key);

/** The contract of the read models. Run on every adapter. */
export function viewsContract(make: MakeFixture<Views>): void {
  describe('Views', () => {
    test('reads back what was put, also after a restart', () =>
      withFixture(make, async (views, fixture) => {
        const put = row('payments/api', 3, { state: 'Ready', names: ['a', 'b'], nested: { deep: [1, null] } });
        expect(await views.put(put)).toBe(true);
        expect(await views.get('certificates', 'payments/api')).toEqual(put);
        expect(await views.get('issuers', 'payments/api')).toBeUndefined();
        expect(await (await fixture.reopen()).get('certificates', 'payments/api')).toEqual(put);
      }));

    test('applies only a higher version', () =>
      withFixture(make, async (views) => {
        expect(await views.put(row('a', 2, { is: 2 }))).toBe(true);
        expect(await views.put(row('a', 2, { is: 'other' }))).toBe(false);
        expect(await views.put(row('a', 1, { is: 1 }))).toBe(false);
        expect(await views.put(row('a', 5, { is: 5 }, 'orders'))).toBe(true);
        expect(await views.get('certificates', 'a')).toEqual(row('a', 5, { is: 5 }, 'orders'));
      }));

    test('keeps a removed row\u2019s version, so that an older put does not bring it back', () =>
      withFixture(make, async (views) => {
        await views.put(row('a', 2));
        expect(await views.remove('certificates', 'a', 2)).toBe(false);
        expect(await views.remove('certificates', 'a', 4)).toBe(true);
        expect(await views.get('certificates', 'a')).toBeUndefined();
        expect(await views.list('certificates', { limit: 10 })).toEqual([]);
        expect(await views.count('certificates', {})).toBe(0);
        expect(await views.put(row('a', 3))).toBe(false);
        expect(await views.put(row('a', 5))).toBe(true);
        expect(keys(await views.list('certificates', { limit: 10 }))).toEqual(['a']);
      }));

    test('keeps the version of a row that was removed before it was ever put', () =>
      withFixture(make, async (views) => {
        expect(await views.remove('certificates', 'a', 4)).toBe(true);
        expect(await views.put(row('a', 3))).toBe(false);
        expect(await views.get('certificates', 'a')).toBeUndefined();
      }));

    test('lists in byte order of the key, a page at a time, with or without an owner', () =>
      withFixture(make, async (views) => {
        for (const key of ['b', 'a', 'é', 'B', '\u{1F600}', '\uFFFD']) await views.put(row(key, 1));
        await views.put(row('c', 1, {}, 'orders'));
        const all = ['B', 'a', 'b', 'c', 'é', '\uFFFD', '\u{1F600}'];
        expect(keys(await views.list('certificates', { limit: 10 }))).toEqual(all);
        expect(keys(await views.list('certificates', { limit: 2, after: 'a' }))).toEqual(['b', 'c']);
        expect(keys(await views.list('certificates', { limit: 10, owner: 'orders' }))).toEqual(['c']);
        expect(keys(await views.list('certificates', { limit: 10, owner: 'payments', after: 'b' }))).toEqual(
          all.slice(4),
        );
        expect(await views.count('certificates', { owner: 'payments' })).toBe(6);
      }));

    test('drops every row of every view, versions included', () =>
      withFixture(make, async (views) => {
        await views.put(row('a', 7));
        await views.put({ ...row('a', 7), view: 'issuers' });
        await views.remove('certificates', 'b', 7);
        await views.clear();
        expect(await views.count('certificates', {})).toBe(0);
        expect(await views.count('issuers', {})).toBe(0);
        expect(await views.put(row('a', 1))).toBe(true);
        expect(await views.put(row('b', 1))).toBe(true);
      }));

    whereContract(make);
    earliestContract(make);
    orderContract(make);
  });
}

function earliestContract(make: MakeFixture<Views>): void {
  const at = (day: number) => `2026-01-${String(day).padStart(2, '0')}T00:00:00.000Z`;

  test('answers the rows of a view that have a time, earliest first, without reading the others', () =>
    withFixture(make, async (views) => {
      for (const day of [3, 1, 2])
        await views.put({ ...row(`payments/${day}`, 1), watch: { expires: at(day), owed: at(9 - day), issuer: 'le' } });
      await views.put(row('payments/none', 1));
      await views.put({ ...row('orders/5', 1, {}, 'orders'), watch: { owed: at(5), failing: true } });
      await views.put({ ...row('payments/1', 1), view: 'issuers', watch: { expires: at(1) } });
      const list = async (...query: [by: 'expires' | 'owed', limit: number, before?: string]) =>
        keys(await views.earliest('certificates', query[0], { limit: query[1], before: query[2] }));
      expect(await list('expires', 10)).toEqual(['payments/1', 'payments/2', 'payments/3']);
      expect(await list('expires', 2)).toEqual(['payments/1', 'payments/2']);
      expect(await list('expires', 10, at(3))).toEqual(['payments/1', 'payments/2']);
      expect(await list('owed', 10)).toEqual(['orders/5', 'payments/3', 'payments/2', 'payments/1']);
      expect(await views.earliest('certificates', 'owed', { limit: 2 })).toEqual([
        { key: 'orders/5', owner: 'orders', at: at(5), failing: true },
        { key: 'payments/3', owner: 'payments', at: at(6), issuer: 'le', failing: false },
      ]);
    }));

  test('has as many of the earliest as are asked for, of many', () =>
    withFixture(make, async (views) => {
      const many = Array.from({ length: 60 }, (_, index) => index + 1);
      for (const second of many) await views.put({ ...row(`a/${second}`, 1), watch: { owed: seconds(second) } });
      const found = await views.earliest('certificates', 'owed', { limit: 45 });
      expect(found.map((one) => one.at)).toEqual(many.slice(0, 45).map(seconds));
    }));

  test('forgets a time with the version that has none, and with the row', () =>
    withFixture(make, async (views) => {
      await views.put({ ...row('a', 1), watch: { expires: at(1), owed: at(1), failing: true } });
      await views.put({ ...row('b', 1), watch: { expires: at(2) } });
      await views.put({ ...row('a', 2), watch: { expires: at(3) } });
      expect(keys(await views.earliest('certificates', 'expires', { limit: 9 }))).toEqual(['b', 'a']);
      expect(await views.earliest('certificates', 'owed', { limit: 9 })).toEqual([]);
      await views.remove('certificates', 'b', 2);
      expect(await views.earliest('certificates', 'expires', { limit: 9 })).toEqual([
        { key: 'a', owner: 'payments', at: at(3), failing: false },
      ]);
    }));
}

const seconds = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

function whereContract(make: MakeFixture<Views>): void {
  test('selects by equality on members: strings, numbers and booleans, and by what an array contains', () =>
    withFixture(make, async (views) => {
      await views.put(row('a', 1, { state: 'Ready', revision: 1, managed: true, names: ['x.test', 'y.test'] }));
      await views.put(row('b', 1, { state: 'Ready', revision: 2, managed: false, names: ['y.test'] }));
      await views.put(row('c', 1, { state: 'Failed', revision: 1.5, managed: true, names: [] }));
      await views.put(row('d', 1, { state: null, names: { 0: 'y.test' }, 'no-dash': 'it"s \\ é' }));
      const select = async (where: Record<string, string | number | boolean>) => {
        const found = keys(await views.list('certificates', { where, limit: 10 }));
        expect(await views.count('certificates', { where })).toBe(found.length);
        return found;
      };
      expect(await select({ state: 'Ready' })).toEqual(['a', 'b']);
      expect(await select({ revision: 1 })).toEqual(['a']);
      expect(await select({ revision: 1.5 })).toEqual(['c']);
      expect(await select({ managed: true })).toEqual(['a', 'c']);
      expect(await select({ managed: false })).toEqual(['b']);
      expect(await select({ names: 'y.test' })).toEqual(['a', 'b']);
      expect(await select({ names: 'y.test', state: 'Ready', revision: 2 })).toEqual(['b']);
      expect(await select({ 'no-dash': 'it"s \\ é' })).toEqual(['d']);
      expect(await select({ absent: 'x' })).toEqual([]);
      expect(await views.list('certificates', { where: { state: 'Ready' }, after: 'a', limit: 1 })).toHaveLength(1);
    }));

  test('does not take one type for another', () =>
    withFixture(make, async (views) => {
      await views.put(row('number', 1, { is: 1 }));
      await views.put(row('text', 1, { is: '1' }));
      await views.put(row('true', 1, { is: true }));
      await views.put(row('word', 1, { is: 'true' }));
      const select = async (is: string | number | boolean) =>
        keys(await views.list('certificates', { where: { is }, limit: 10 }));
      expect(await select(1)).toEqual(['number']);
      expect(await select('1')).toEqual(['text']);
      expect(await select(true)).toEqual(['true']);
      expect(await select('true')).toEqual(['word']);
    }));
}

function orderContract(make: MakeFixture<Views>): void {
  test('ends the same, whatever the order and repetition of puts and removals', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ version: fc.integer({ min: 1, max: 9 }), removes: fc.boolean() }), {
          minLength: 1,
          maxLength: 12,
        }),
        (steps) =>
          withFixture(make, async (views) => {
            // What a version does is settled by the version: a stream has one history.
            const removes = (version: number) => steps.find((step) => step.version === version)!.removes;
            for (const { version } of steps) {
              if (removes(version)) await views.remove('certificates', 'a', version);
              else await views.put(row('a', version, { version }));
            }
            const last = Math.max(...steps.map((step) => step.version));
            const expected = removes(last) ? undefined : row('a', last, { version: last });
            expect(await views.get('certificates', 'a')).toEqual(expected);
          }),
      ),
      { numRuns: 20 },
    ));
}
