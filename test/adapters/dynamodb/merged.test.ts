import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteOrder } from '../../../lib/adapters/dynamodb/keys.ts';
import { merged, pageOf, type Rows, taken } from '../../../lib/adapters/dynamodb/merged.ts';

const inOrder = (rows: readonly string[]): string[] =>
  rows.toSorted((a, b) => Buffer.compare(byteOrder(a), byteOrder(b)));

/** A source of rows that counts how many were taken out of it. */
function source(rows: readonly string[]): { rows: Rows<string>; read(): number } {
  let read = 0;
  async function* all(): Rows<string> {
    for (const row of rows) {
      read++;
      yield row;
    }
  }
  return { rows: all(), read: () => read };
}

describe('merged', () => {
  test('gives the rows of all sources in one order of bytes, however they are spread', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 8 }), { maxLength: 6 }),
        fc.nat(20),
        async (parts, limit) => {
          const sources = parts.map((part) => source(inOrder(part)).rows);
          const found = await taken(
            merged(sources, (row) => row),
            limit,
            (row) => row,
          );
          expect(found).toEqual(inOrder(parts.flat()).slice(0, limit));
        },
      ),
    ));

  test('takes no more out of a source than it needs', async () => {
    const [low, high] = [source(['a', 'b', 'c', 'd']), source(['x', 'y', 'z'])];
    expect(
      await taken(
        merged([low.rows, high.rows], (row) => row),
        2,
        (row) => row,
      ),
    ).toEqual(['a', 'b']);
    expect([low.read(), high.read()]).toEqual([2, 1]);
  });

  test('leaves out what nothing is made of, and fills up from behind', async () => {
    const { rows } = source(['a', 'b', 'c', 'd']);
    expect(await taken(rows, 2, (row) => (row < 'c' ? undefined : row))).toEqual(['c', 'd']);
  });
});

describe('pageOf', () => {
  test('asks a single source for what is wanted, and each of many for its part', () => {
    expect(pageOf(100, 1)).toBe(101);
    expect(pageOf(100, 16)).toBe(17);
    expect(pageOf(1, 16)).toBe(2);
  });
});
