import { BatchGetItemCommand, type Put, PutItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { Refusal } from '../../domain/refusal.ts';
import { millis } from '../../domain/time.ts';
import type { LimitRow, LimitRows, LimitWrite } from '../../ports/limitRows.ts';
import type { DynamoDbOptions } from './options.ts';
import { heldFor, LeftForLater, patiently } from './patience.ts';
import { assertFits, type Item, LARGEST, packed, unpacked } from './row.ts';

/** What BatchGetItem takes. */
const PAGE = 100;

const PREFIX = 'limit#';

/** Limits of CAs in DynamoDB: a row a bucket, removed by DynamoDB when it says nothing more. Every read is consistent. */
export function dynamodbLimitRows({ client, tableNames, patience }: DynamoDbOptions): LimitRows {
  const TableName = tableNames.challenges;

  async function page(keys: readonly string[]): Promise<LimitRow[]> {
    let left: Item[] = keys.map((key) => ({ id: { S: PREFIX + key } }));
    const rows: LimitRow[] = [];
    const get = async (): Promise<void> => {
      const RequestItems = { [TableName]: { Keys: left, ConsistentRead: true } };
      const answer = await client.send(new BatchGetItemCommand({ RequestItems }));
      rows.push(...(answer.Responses?.[TableName] ?? []).map(toLimitRow));
      left = answer.UnprocessedKeys?.[TableName]?.Keys ?? [];
      if (left.length > 0) throw new LeftForLater('a batch was read in part');
    };
    await patiently(get, patience);
    return rows;
  }

  return {
    async read(keys) {
      const distinct = [...new Set(keys)];
      const rows: LimitRow[] = [];
      for (let from = 0; from < distinct.length; from += PAGE) {
        rows.push(...(await page(distinct.slice(from, from + PAGE))));
      }
      return rows;
    },

    async write(rows) {
      if (rows.length === 0) return 'written';
      const puts = rows.map((row) => ({ ...putOf(row), TableName }));
      const [only] = puts;
      // A put alone costs half of what it costs in a transaction.
      const write =
        puts.length === 1
          ? () => client.send(new PutItemCommand(only!))
          : () => client.send(new TransactWriteItemsCommand({ TransactItems: puts.map((Put) => ({ Put })) }));
      return (await heldFor(write, patience)) ? 'written' : 'conflict';
    },
  };
}

function putOf({ key, version, doc, expires }: LimitWrite): Pick<Put, 'Item'> & Partial<Put> {
  const Item = {
    id: { S: PREFIX + key },
    version: { N: String(version + 1) },
    doc: packed(JSON.stringify(doc)),
    expires: { N: String(Math.ceil(millis(expires) / 1000)) },
  };
  assertFits(Item, (bytes) => tooLarge(key, bytes));
  if (version === 0) {
    return { Item, ConditionExpression: 'attribute_not_exists(#id)', ExpressionAttributeNames: { '#id': 'id' } };
  }
  return {
    Item,
    ConditionExpression: '#v = :read',
    ExpressionAttributeNames: { '#v': 'version' },
    ExpressionAttributeValues: { ':read': { N: String(version) } },
  };
}

const toLimitRow = ({ id, version, doc }: Item): LimitRow => ({
  key: id!.S!.slice(PREFIX.length),
  version: Number(version!.N),
  doc: JSON.parse(unpacked(doc)),
});

const tooLarge = (key: string, bytes: number): Refusal =>
  new Refusal('LimitTooLarge', `${key} would need a row of ${bytes} bytes; DynamoDB takes ${LARGEST}.`, {
    remedy: 'Give the issuer a limit with fewer tokens, or none.',
  });
