import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, sameJson } from '../../lib/domain/json.ts';

/** A copy whose objects have their members in another order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).map(([name, member]) => [name, turned(member)] as const);
  return Object.fromEntries(members.reverse());
}

/** The names of all objects of a JSON text, in the order in which they are written. */
function namesIn(text: string): string[][] {
  const found: string[][] = [];
  const objects = /\{(?<body>[^{}[\]]*)\}/gu;
  for (const { groups } of text.matchAll(objects)) {
    found.push([...groups!.body!.matchAll(/"(?<name>[a-z0-9]*)":/gu)].map((match) => match.groups!.name!));
  }
  return found;
}

describe('canonicalJson', () => {
  it('is JSON of the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('is the same whatever the order of members', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(canonicalJson(turned(value))).toBe(canonicalJson(value));
        expect(sameJson(turned(value), value)).toBe(true);
      }),
    );
  });

  it('has members in order of name, numbers as text too', () => {
    const flat = fc.dictionary(fc.stringMatching(/^[a-z0-9]{1,3}$/), fc.integer(), { noNullPrototype: true });
    fc.assert(
      fc.property(flat, (value) => {
        const [names = []] = namesIn(canonicalJson(value));
        expect(names).toEqual(Object.keys(value).sort());
      }),
    );
    expect(canonicalJson({ b: 1, 10: 2, 9: 3, a: { d: [], c: {} } })).toBe('{"10":2,"9":3,"a":{"c":{},"d":[]},"b":1}');
  });

  it.each([
    [undefined, 'null'],
    [Number.NaN, 'null'],
    [[undefined, null, 'ü"\n'], '[null,null,"ü\\"\\n"]'],
    [{ gone: undefined, 'a "b"': -0 }, '{"a \\"b\\"":0}'],
  ])('of %j is %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it('stays what it was, for hashes stand on it: a chain of ten thousand names gives the same text twice', () => {
    const value = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`n${index}`, index]));
    expect(canonicalJson(value)).toBe(canonicalJson(structuredClone(value)));
    expect(canonicalJson(value)).toContain('"n9":9,"n90":90,"n900":900');
  });
});
