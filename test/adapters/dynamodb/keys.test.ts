import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterInstant,
  byteOrder,
  commitKey,
  dueAtOf,
  dueKey,
  LONGEST_STREAM,
  lastOf,
  shardOf,
  shards,
  versionOf,
} from '../../../lib/adapters/dynamodb/keys.ts';
import { instant } from '../../../lib/domain/time.ts';

const compare = (a: string, b: string): number => Math.sign(Buffer.compare(byteOrder(a), byteOrder(b)));
const instants = fc.integer({ min: 0, max: Date.UTC(2200, 0) }).map(instant);
const streams = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });

describe('keys', () => {
  // Where a row lies is storage: a change here loses what was written.
  test('names stay in their shard for ever', () => {
    const names = ['certificate/payments/api', 'issuance/7f1c/1', 'delivery/kubernetes/a/b/c', 'team/payments', 'é'];
    expect(shards).toHaveLength(16);
    expect(names.map(shardOf)).toEqual(['00', '11', '04', '08', '10']);
  });

  test('names that are made together spread over the shards, so that none of them takes every write', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('certificate', 'issuance', 'token'),
        fc.stringMatching(/^[a-z-]{1,20}$/),
        (kind, team) => {
          const counts = new Map<string, number>(shards.map((shard) => [shard, 0]));
          const names = 1600;
          for (let index = 0; index < names; index++) {
            const shard = shardOf(`${kind}/${team}/app-${index}`);
            counts.set(shard, counts.get(shard)! + 1);
          }
          // The mean is 100 and its deviation 10: six of those would be a hash that does not spread.
          expect(Math.max(...counts.values())).toBeLessThan(160);
          expect(Math.min(...counts.values())).toBeGreaterThan(40);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('the order of due keys is that of time and then stream', () => {
    fc.assert(
      fc.property(instants, streams, instants, streams, (at, a, later, b) => {
        const expected = at === later ? compare(a, b) : compare(at, later);
        expect(compare(dueKey(at, a), dueKey(later, b))).toBe(expected);
        expect(dueAtOf(dueKey(at, a))).toBe(at);
      }),
    );
  });

  test('an instant is above every due key of its own and below those of a later one', () => {
    fc.assert(
      fc.property(instants, streams, (at, stream) => {
        expect(compare(dueKey(at, stream), afterInstant(at))).toBe(-1);
        expect(compare(afterInstant(at), dueKey(instant(Date.parse(at) + 1), stream))).toBe(-1);
      }),
    );
  });

  test('the longest name of a stream fits into a due key', () => {
    expect(Buffer.byteLength(dueKey(instant(0), 'x'.repeat(LONGEST_STREAM)))).toBe(1024);
  });

  test('the order of commit keys is that of versions', () => {
    const versions = fc.integer({ min: 1, max: 999_999_999_999 });
    fc.assert(
      fc.property(versions, versions, (a, b) => {
        expect(compare(commitKey(a), commitKey(b))).toBe(Math.sign(a - b));
        expect(versionOf(commitKey(a))).toBe(a);
        expect(versionOf('head')).toBeNaN();
      }),
    );
  });

  test('nothing that begins with a prefix is behind its last', () => {
    fc.assert(
      fc.property(streams, streams, (prefix, rest) => {
        expect(compare(prefix + rest, lastOf(prefix))).toBe(-1);
      }),
    );
  });
});
