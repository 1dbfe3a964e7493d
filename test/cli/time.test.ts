import { expect, it } from 'vitest';
import { age, shortSpan, withDistance } from '../../cli/shared/time.ts';

const NOW = Date.parse('2026-01-01T00:00:00.000Z');

it.each([
  [0, '0s'],
  [-5, '0s'],
  [119, '119s'],
  [120, '2m'],
  [7199, '119m'],
  [7200, '2h'],
  [9000, '2h30m'],
  [86_399, '23h59m'],
  [86_400, '1d'],
  [90 * 86_400, '90d'],
])('%d seconds are %s', (seconds, text) => {
  expect(shortSpan(seconds)).toBe(text);
});

it('an instant is told with its distance, before and behind', () => {
  expect(withDistance('2026-01-01T00:05:00Z', NOW)).toBe('2026-01-01T00:05:00Z (in 5m)');
  expect(withDistance('2025-12-31T23:55:00Z', NOW)).toBe('2025-12-31T23:55:00Z (5m ago)');
  expect(withDistance(undefined, NOW)).toBeUndefined();
  expect(age('2025-12-31T00:00:00Z', NOW)).toBe('1d');
});
