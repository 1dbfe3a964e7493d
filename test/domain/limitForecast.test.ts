import { describe, expect, it } from 'vitest';
import { forecast, isoWeek } from '../../lib/domain/limitForecast.ts';
import { correct, count, fullBucket } from '../../lib/domain/limits.ts';
import { plusSeconds } from '../../lib/domain/time.ts';

const now = '2026-11-23T00:00:00.000Z';
const DAY = 86_400;
const weekly = { count: 50, period: 7 * DAY };

describe('a forecast', () => {
  it('of certificates that ask for less than the bucket gains is that it lasts', () => {
    const demands = Array.from({ length: 100 }, (_, index) => ({
      first: plusSeconds(now, (index * 60 * DAY) / 100),
      every: 60 * DAY,
    }));
    expect(forecast(weekly, undefined, now, demands)).toEqual({ perWeek: 11.67, allowedPerWeek: 50 });
  });

  it('names the week in which there will be none', () => {
    // 60 a week, spread evenly: ten more than it gains, and fifty to begin with.
    const demands = Array.from({ length: 60 }, (_, index) => ({
      first: plusSeconds(now, (index * 7 * DAY) / 60),
      every: 7 * DAY,
    }));
    const found = forecast(weekly, undefined, now, demands);
    expect(found).toMatchObject({ perWeek: 60, allowedPerWeek: 50, exhausted: { week: '2026-W52' } });
  });

  it('counts what is spent and reserved already, and what the CA said', () => {
    let bucket = fullBucket;
    for (let index = 0; index < 50; index++) bucket = count(weekly, bucket, `a${index}`, now);
    const one = [{ first: plusSeconds(now, 60) }];
    expect(forecast(weekly, bucket, now, one).exhausted?.at).toBe(plusSeconds(now, 60));
    expect(forecast(weekly, bucket, now, [{ first: plusSeconds(now, DAY) }]).exhausted).toBeUndefined();
    const blocked = correct(weekly, fullBucket, plusSeconds(now, DAY), now);
    expect(forecast(weekly, blocked, now, one).exhausted?.at).toBe(plusSeconds(now, 60));
    const reserved = { ...fullBucket, reservations: [{ id: 'a', from: 0, expires: Number.MAX_SAFE_INTEGER }] };
    expect(forecast({ count: 1, period: DAY }, reserved, now, one).exhausted).toBeDefined();
  });

  it('is that there is none now where somebody waits for a turn of this bucket, and not of another', () => {
    const hour = Date.parse(plusSeconds(now, 3600));
    const place = { id: 'a', from: hour, expires: hour + 1 };
    const daily = { count: 1, period: DAY };
    const tomorrow = { id: 'a', from: hour + DAY * 1000, expires: hour + 2 * DAY * 1000 };
    const empty = { ...count(daily, fullBucket, 'b', now), reservations: [tomorrow] };
    expect(forecast(daily, empty, now, [])).toMatchObject({ exhausted: { at: now, week: '2026-W48' } });
    expect(forecast(weekly, { ...fullBucket, reservations: [place] }, now, []).exhausted).toBeUndefined();
  });

  it('looks at every certificate, and ahead for less long when there are very many', () => {
    // Six-day certificates at half of their life: 2.1 a week each, and 6300 together where 6000 are allowed.
    const every = 80 * 3600;
    const demands = Array.from({ length: 3000 }, (_, index) => ({
      first: plusSeconds(now, Math.floor((index * every) / 3000)),
      every,
    }));
    const limit = { count: 600, period: 0.7 * DAY };
    const found = forecast(limit, undefined, now, demands);
    expect(found).toMatchObject({ perWeek: 6300, allowedPerWeek: 6000 });
    // 600 to begin with, and 300 a week more than it gains: on the last day of the second week.
    expect(found.exhausted?.at.slice(0, 10)).toBe('2026-12-06');
    expect(found.exhausted?.week).toBe('2026-W49');
  });

  it('does not end with more certificates than it has room for', () => {
    const demands = Array.from({ length: 200_001 }, () => ({ first: plusSeconds(now, DAY) }));
    expect(forecast(weekly, undefined, now, demands).exhausted?.at).toBe(plusSeconds(now, DAY));
  });

  it('of nothing is nothing', () => {
    expect(forecast(weekly, undefined, now, [])).toEqual({ perWeek: 0, allowedPerWeek: 50 });
  });
});

describe('a week', () => {
  it.each([
    ['2026-01-01T00:00:00.000Z', '2026-W01'],
    ['2025-12-29T00:00:00.000Z', '2026-W01'],
    ['2027-01-03T23:59:59.999Z', '2026-W53'],
    ['2027-01-04T00:00:00.000Z', '2027-W01'],
    ['2026-11-22T12:00:00.000Z', '2026-W47'],
  ])('of %s is %s', (at, week) => {
    expect(isoWeek(at)).toBe(week);
  });
});
