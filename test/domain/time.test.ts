import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { earliest, instant, millis } from '../../lib/domain/time.ts';

const RUNS = { numRuns: 2000 };
/** Years 1 to 9999, and what lies around the borders of days and years. */
const time = fc.oneof(
  fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2060, 0) }),
  fc.integer({ min: -62_135_596_800_000, max: Date.UTC(10_000, 0) - 1 }),
  fc
    .tuple(fc.integer({ min: -50, max: 200 }), fc.integer({ min: 0, max: 12 }), fc.integer({ min: -2, max: 2 }))
    .map(([year, month, off]) => Date.UTC(1970 + year, month) + off),
);

describe('instant and millis', () => {
  it('write every time as a Date writes it', () => {
    fc.assert(
      fc.property(time, (at) => {
        expect(instant(at)).toBe(new Date(at).toISOString());
      }),
      RUNS,
    );
  });

  it('cut fractions of a millisecond off as a Date does', () => {
    fc.assert(
      fc.property(time, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (at, fraction) => {
        expect(instant(at + fraction)).toBe(new Date(at + fraction).toISOString());
      }),
      RUNS,
    );
  });

  it('read back what they wrote', () => {
    fc.assert(
      fc.property(time, (at) => {
        expect(millis(instant(at))).toBe(at);
      }),
      RUNS,
    );
  });

  it('read what is almost an instant as a Date does', () => {
    const character = fc.constantFrom(...'0123456789-+:.TZ tz');
    fc.assert(
      fc.property(time, fc.integer({ min: 0, max: 23 }), character, (at, index, instead) => {
        const text = new Date(at).toISOString();
        const changed = text.slice(0, index) + instead + text.slice(index + 1);
        expect(millis(changed)).toBe(Date.parse(changed));
      }),
      RUNS,
    );
  });

  it.each([
    '2028-02-29T00:00:00.000Z',
    '2026-02-29T00:00:00.000Z',
    '2026-02-30T00:00:00.000Z',
    '2026-04-31T00:00:00.000Z',
    '2026-12-31T23:59:59.999Z',
    '2026-12-31T24:00:00.000Z',
    '2026-12-31T23:59:60.000Z',
    '0000-01-01T00:00:00.000Z',
    '2026-01-31T12:00:00Z',
    '2026-01-31T12:00:00.000+02:00',
    '2026-01-31T12:00:00.000Z\n',
    '2026-01-31',
    'soon',
    '',
  ])('read "%s" as a Date does', (text) => {
    expect(millis(text)).toBe(Date.parse(text));
  });

  it('refuse what is no time', () => {
    expect(() => instant(Number.NaN)).toThrow(RangeError);
    expect(() => instant(Number.POSITIVE_INFINITY)).toThrow(RangeError);
    expect(instant(Date.UTC(10_000, 0))).toBe('+010000-01-01T00:00:00.000Z');
  });
});

describe('earliest', () => {
  it('is the first of those that are there', () => {
    const all = fc.array(fc.option(time.map(instant), { nil: undefined }));
    fc.assert(
      fc.property(all, (some) => {
        const there = some.filter((at) => at !== undefined);
        expect(earliest(...some)).toBe(there.toSorted()[0]);
      }),
    );
  });
});
