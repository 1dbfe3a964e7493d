import { describe, expect, test } from 'vitest';
import { batches, changesOf, NOTHING, quotedValue, withValues } from '../../../lib/adapters/route53/recordSets.ts';

describe('the requests of a change', () => {
  const creating = (name: string, count: number) =>
    changesOf(
      name,
      NOTHING,
      withValues(
        NOTHING,
        Array.from({ length: count }, (_, index) => quotedValue(`${name}${index}`)),
      ),
    );

  test('are one as long as Route 53 takes it', () => {
    expect(batches([])).toEqual([]);
    expect(batches([[], creating('a', 1), [], creating('b', 2)])).toHaveLength(1);
  });

  test('hold at most 1,000 values, and all changes of a name together', () => {
    const made = batches([creating('a', 600), creating('b', 400), creating('c', 1)]);
    expect(made.map((changes) => changes.map(({ ResourceRecordSet }) => ResourceRecordSet!.Name))).toEqual([
      ['a.', 'b.'],
      ['c.'],
    ]);
  });

  test('hold at most 32,000 characters', () => {
    const long = (name: string) => changesOf(name, NOTHING, withValues(NOTHING, [quotedValue('x'.repeat(20_000))]));
    expect(batches([long('a'), long('b')])).toHaveLength(2);
  });
});
