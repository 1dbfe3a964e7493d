import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPause, failurePause, instantWithin, isWindow } from '../../lib/domain/ari.ts';
import { plus, START } from '../support/decider.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('a suggested window', () => {
  it.each([
    [{ start: START, end: plus(1) }, true],
    [{ start: START, end: START }, false],
    [{ start: plus(1), end: START }, false],
    [{ start: 'soon', end: START }, false],
    [{ start: START, end: '' }, false],
  ])('%j: %s', (window, sound) => {
    expect(isWindow(window)).toBe(sound);
  });

  it('gives an instant within it, with time to order before it ends', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e7 }), random, (length, number) => {
        const at = instantWithin({ start: START, end: plus(length) }, number);
        expect(at >= START).toBe(true);
        expect(at <= plus(length - Math.min(600, length / 2))).toBe(true);
      }),
    );
  });

  it('gives every part of it as often as every other', () => {
    const day = { start: START, end: plus(86_400) };
    const of = (number: number) => instantWithin(day, number);
    expect([of(0), of(0.5), of(0.999_999_9)]).toEqual([START, plus(42_900), plus(85_799)]);
  });
});

describe('the time of the next question', () => {
  it.each([
    [undefined, 6 * 3600],
    [Number.NaN, 6 * 3600],
    [-1, 6 * 3600],
    [Number.POSITIVE_INFINITY, 6 * 3600],
    [0, 60],
    [59, 60],
    [61, 61],
    [21_600, 21_600],
    [86_400, 86_400],
    [1e9, 86_400],
  ])('after Retry-After %s is %i seconds away', (retryAfter, seconds) => {
    expect(checkPause(retryAfter)).toBe(seconds);
  });

  it('grows with failures in a row, to six hours', () => {
    expect([1, 2, 3, 4, 9, 10, 1000].map(failurePause)).toEqual([60, 120, 240, 480, 15_360, 21_600, 21_600]);
  });
});
