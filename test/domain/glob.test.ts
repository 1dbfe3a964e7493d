import fc from 'fast-check';
import { expect, test } from 'vitest';
import { globMatches } from '../../lib/domain/glob.ts';

test.each([
  ['prod/payments/tls', 'prod/payments/tls', true],
  ['*/payments/*', 'prod/payments/tls', true],
  ['*/payments/*', 'prod/other/tls', false],
  ['*', 'prod/payments', false],
  ['**', 'prod/payments', true],
  ['prod/**', 'prod/payments/tls', true],
  ['prod/**', 'production/payments/tls', false],
  ['prod-*/payments/*', 'prod-eu/payments/tls', true],
  ['directory:/etc/tls/**', 'directory:/etc/tls/app/a', true],
  ['directory:/etc/tls/**', 'directory:/etc/tls-other', false],
  ['', '', true],
  ['*', '', true],
  ['a.c', 'abc', false],
  ['Team * CA', 'Team Blue CA', true],
])('%j on %j: %s', (pattern, text, fits) => {
  expect(globMatches(pattern, text)).toBe(fits);
});

test('it fits as the regular expression of the same meaning does', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '.'), maxLength: 8 });
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 8 });
  fc.assert(
    fc.property(word, text, (pattern, value) => {
      const source = pattern.replaceAll('.', '\\.').replace(/\*+/g, (stars) => (stars === '*' ? '[^/]*' : '.*'));
      expect(globMatches(pattern, value)).toBe(new RegExp(`^${source}$`).test(value));
    }),
    { numRuns: 2000 },
  );
});

test('a pattern of many stars stays cheap', () => {
  expect(globMatches(`${'*a'.repeat(100)}b`, 'a'.repeat(2000))).toBe(false);
});
