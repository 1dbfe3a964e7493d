import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assertFits, type Item, LARGEST, packed, sizeOf, unpacked } from '../../../lib/adapters/dynamodb/row.ts';
import { Refusal } from '../../../lib/domain/refusal.ts';

describe('a row', () => {
  test('keeps JSON exactly, whatever its length', () =>
    fc.assert(
      fc.property(fc.json(), fc.nat(400), (json, times) => {
        const text = JSON.stringify(Array(times).fill(json));
        expect(unpacked(packed(text))).toBe(text);
      }),
    ));

  test('keeps short text readable and compresses long text', () => {
    expect(packed('{"a":1}')).toEqual({ S: '{"a":1}' });
    const long = JSON.stringify('certificate '.repeat(1000));
    expect(packed(long).B!.byteLength).toBeLessThan(long.length / 10);
  });

  test('is the same each time, so that a repeat is one', () => {
    const long = JSON.stringify('x'.repeat(5000));
    expect(packed(long)).toEqual(packed(long));
  });

  test('does not take an attribute for text that holds none', () => {
    expect(() => unpacked(undefined)).toThrow(TypeError);
    expect(() => unpacked({ N: '1' })).toThrow(TypeError);
  });

  test('counts names and values in bytes', () => {
    expect(sizeOf({ name: { S: 'é' }, b: { B: new Uint8Array(10) }, n: { N: '1234' } })).toBe(4 + 2 + 1 + 10 + 1 + 3);
  });

  test('is refused when it is one byte too long', () => {
    const refusal = (bytes: number) => new Refusal('TooLong', `${bytes} bytes`);
    const row = (bytes: number): Item => ({ a: { B: new Uint8Array(bytes - 1) } });
    expect(() => assertFits(row(LARGEST), refusal)).not.toThrow();
    expect(() => assertFits(row(LARGEST + 1), refusal)).toThrow('409601 bytes');
  });
});
