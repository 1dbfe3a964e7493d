import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fieldOf, formatField, parseField } from '../../lib/domain/fieldPath.ts';

test('a path reads as code does', () => {
  expect(formatField(['spec', 'dnsNames', 2])).toBe('spec.dnsNames[2]');
  expect(fieldOf('spec.secretTemplate', 'labels', 'example.com/owner')).toBe(
    'spec.secretTemplate.labels["example.com/owner"]',
  );
  expect(fieldOf('', 'items', 0)).toBe('items[0]');
});

test('every path that was written is read back', () => {
  const step = fc.oneof(fc.string(), fc.nat({ max: 99 }), fc.constantFrom('spec', 'a-b', '0', '"', '\\'));
  fc.assert(
    fc.property(fc.array(step), (path) => {
      expect(parseField(formatField(path))).toEqual(path);
    }),
  );
});
