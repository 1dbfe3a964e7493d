import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Instant, instant, millis, plusSeconds, secondsBetween } from '../../lib/domain/time.ts';
import { leafValidity, renewalMillis } from '../../lib/domain/validity.ts';

const HOUR = 3600;
const now = '2026-03-01T12:00:00.750Z';
const renewalTime = (begin: Instant, end: Instant, renewBefore?: number, percentage?: number): Instant =>
  instant(renewalMillis(millis(begin), millis(end), renewBefore, percentage));
const moment = fc.integer({ min: 0, max: 4e12 }).map(instant);

describe('the validity of a leaf', () => {
  it('begins half a minute ago and lasts as long as was asked for', () => {
    expect(leafValidity({ duration: 24 * HOUR, now })).toEqual({
      notBefore: '2026-03-01T11:59:30.000Z',
      notAfter: '2026-03-02T11:59:30.000Z',
    });
  });

  it('is cut to the end of its issuer', () => {
    const issuerNotAfter = '2026-03-01T20:00:00.000Z';
    expect(leafValidity({ duration: 24 * HOUR, now, issuerNotAfter }).notAfter).toBe(issuerNotAfter);
  });

  it.each([now, '2026-03-01T12:00:00.000Z'])('is refused when the issuer ended at %s', (issuerNotAfter) => {
    expect(() => leafValidity({ duration: HOUR, now, issuerNotAfter })).toThrow(
      expect.objectContaining({ code: 'IssuerExpired' }),
    );
  });

  it('is in whole seconds, backdated by at most a minute, never longer than asked for nor than its issuer', () => {
    const duration = fc.integer({ min: HOUR, max: 20 * 365 * 24 * HOUR });
    const remaining = fc.integer({ min: 1, max: 4e8 });
    fc.assert(
      fc.property(moment, duration, remaining, (at, seconds, left) => {
        const issuerNotAfter = plusSeconds(at, left);
        const { notBefore, notAfter } = leafValidity({ duration: seconds, now: at, issuerNotAfter });
        expect(notBefore).toMatch(/\.000Z$/);
        expect(secondsBetween(notBefore, at)).toBeGreaterThan(0);
        expect(secondsBetween(notBefore, at)).toBeLessThanOrEqual(60);
        expect(secondsBetween(notBefore, notAfter)).toBeLessThanOrEqual(seconds);
        expect(notAfter <= issuerNotAfter).toBe(true);
        expect(notAfter > at).toBe(true);
      }),
    );
  });
});

describe('the time of renewal', () => {
  const from = '2026-01-01T00:00:00.000Z';
  const lasting = (hours: number) => plusSeconds(from, hours * HOUR);

  it.each([
    ['a third before the end, when nothing is said', 2160, undefined, undefined, 1440],
    ['half before the end of a life under ten days', 239, undefined, undefined, 119.5],
    ['a third before the end of a life of ten days', 240, undefined, undefined, 160],
    ['renewBefore before the end', 90, 10, undefined, 80],
    ['a third before the end, when renewBefore is the whole lifetime', 900, 900, undefined, 600],
    ['a third before the end, when renewBefore is longer than the lifetime', 900, 7200, undefined, 600],
    ['a third before the end, when renewBefore is zero', 900, 0, undefined, 600],
    ['a percentage of the lifetime before the end', 100, undefined, 25, 75],
    ['a third before the end, when the percentage is 100', 900, undefined, 100, 600],
    ['a third before the end, when the percentage is 0', 900, undefined, 0, 600],
    ['by renewBefore where both are said', 100, 10, 25, 90],
    ['by the percentage where renewBefore is too long', 100, 200, 25, 75],
  ] as const)('is %s', (_, lifetime, renewBefore, percentage, renewal) => {
    const seconds = renewBefore === undefined ? undefined : renewBefore * HOUR;
    expect(renewalTime(from, lasting(lifetime), seconds, percentage)).toBe(lasting(renewal));
  });

  it('is cut to whole seconds', () => {
    expect(renewalTime(from, plusSeconds(from, 101))).toBe('2026-01-01T00:00:50.000Z');
  });

  it('lies after the beginning and before the end, whatever is asked for', () => {
    const lifetime = fc.integer({ min: 3, max: 1e9 });
    const renewBefore = fc.option(fc.integer({ min: 0, max: 2e9 }), { nil: undefined });
    const percentage = fc.option(fc.integer({ min: 0, max: 120 }), { nil: undefined });
    fc.assert(
      fc.property(
        moment.map((at) => instant(Math.floor(millis(at) / 1000) * 1000)),
        lifetime,
        renewBefore,
        percentage,
        (notBefore, seconds, before, percent) => {
          const notAfter = plusSeconds(notBefore, seconds);
          const at = renewalTime(notBefore, notAfter, before, percent);
          expect(at >= notBefore).toBe(true);
          expect(at < notAfter).toBe(true);
        },
      ),
    );
  });
});
