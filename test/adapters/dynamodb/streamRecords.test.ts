import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { commitRow, headRow } from '../../../lib/adapters/dynamodb/ledgerRows.ts';
import { commitRecordsOf, type StreamRecord } from '../../../lib/adapters/dynamodb/streamRecords.ts';
import { commitRecords } from '../../../lib/adapters/dynamodb/tables.ts';
import type { Commit } from '../../../lib/ports/eventStore.ts';
import { entry } from '../../support/ledger.ts';

/** A row as Lambda's event carries it: bytes in base64. */
const wire = (item: Record<string, AttributeValue>) =>
  Object.fromEntries(
    Object.entries(item).map(([name, { S, N, B }]) => [name, B ? { B: Buffer.from(B).toString('base64') } : { S, N }]),
  );

function record(SequenceNumber: string, item: Record<string, AttributeValue>, eventName = 'INSERT'): StreamRecord {
  const NewImage = wire(item);
  const Keys = { stream: NewImage.stream!, item: NewImage.item! };
  return { eventName, dynamodb: { SequenceNumber, Keys, NewImage } };
}

const one = entry('certificate/payments/api', 1);
const long: Commit = {
  ...one.commit,
  version: 2,
  events: [{ type: 'Counted', note: 'certificate '.repeat(1000) } as { type: string }],
};

describe('commitRecordsOf', () => {
  test('gives the commits in their order, also those whose body is compressed', () => {
    const Records = [record('100', commitRow(one.commit)), record('200', commitRow(long))];
    expect(JSON.stringify(Records)).not.toContain('certificate certificate');
    expect(commitRecordsOf({ Records })).toEqual([
      { sequenceNumber: '100', commit: one.commit },
      { sequenceNumber: '200', commit: long },
    ]);
  });

  test('leaves out head rows and removals', () => {
    const { dynamodb } = record('3', commitRow(one.commit));
    const removal = { eventName: 'REMOVE', dynamodb: { ...dynamodb, NewImage: undefined } };
    expect(commitRecordsOf({ Records: [record('1', headRow(one.head)), removal] })).toEqual([]);
  });

  const row = commitRow(one.commit);
  const broken: Record<string, Record<string, AttributeValue>> = {
    'a body that is no JSON': { ...row, body: { S: '{' } },
    'a body that is not compressed as it says': { ...row, body: { B: new Uint8Array([1, 2, 3]) } },
    'no body': { stream: row.stream!, item: row.item! },
    'a body without events': { ...row, body: { S: '{}' } },
    'a version that is no number': { ...row, item: { S: 'commit#x' } },
  };
  for (const [what, item] of Object.entries(broken)) {
    test(`names a record with ${what}, and goes on with the others`, () => {
      const [bad, good, ...rest] = commitRecordsOf({ Records: [record('1', item), record('2', row)] });
      expect(bad).toEqual({ sequenceNumber: '1', error: expect.any(Error) });
      expect(good).toEqual({ sequenceNumber: '2', commit: one.commit });
      expect(rest).toEqual([]);
    });
  }

  test('names a commit whose record has no image', () => {
    const { dynamodb } = record('7', row);
    const Records = [{ eventName: 'INSERT', dynamodb: { ...dynamodb, NewImage: undefined } }];
    expect(commitRecordsOf({ Records })).toEqual([{ sequenceNumber: '7', error: expect.any(TypeError) }]);
  });

  test('wants the records that the filter of the mapping lets through', () => {
    const [{ prefix }] = commitRecords.dynamodb.Keys.item.S;
    expect(commitRow(one.commit).item!.S!.startsWith(prefix)).toBe(true);
    expect(headRow(one.head).item!.S!.startsWith(prefix)).toBe(false);
  });
});
