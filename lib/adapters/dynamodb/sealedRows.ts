import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { Refusal } from '../../domain/refusal.ts';
import type { SealedRow, SealedRows } from '../../ports/secretVault.ts';
import type { DynamoDbOptions } from './options.ts';
import { heldFor, patiently } from './patience.ts';
import { assertFits, type Item, LARGEST } from './row.ts';

/** Sealed rows in DynamoDB, in a table and under a KMS key of their own. Every read is consistent. */
export function dynamodbSealedRows({ client, tableNames, patience }: DynamoDbOptions): SealedRows {
  const TableName = tableNames.sealed;
  const keyOf = (ref: string): Item => ({ ref: { S: ref } });

  async function read(ref: string): Promise<SealedRow | undefined> {
    const get = () => client.send(new GetItemCommand({ TableName, Key: keyOf(ref), ConsistentRead: true }));
    const { Item } = await patiently(get, patience);
    return Item && toSealedRow(Item);
  }

  return {
    async create(row) {
      const Item = toItem(row);
      assertFits(Item, (bytes) => tooLarge(row.ref, bytes));
      const put = () =>
        client.send(
          new PutItemCommand({
            TableName,
            Item,
            ConditionExpression: 'attribute_not_exists(#ref)',
            ExpressionAttributeNames: { '#ref': 'ref' },
          }),
        );
      for (;;) {
        if (await heldFor(put, patience)) return row;
        // The one that was first may have been purged in between; then the place is free again.
        const winner = await read(row.ref);
        if (winner) return winner;
      }
    },

    read,

    async rewrap(ref, from, to) {
      const update = () =>
        client.send(
          new UpdateItemCommand({
            TableName,
            Key: keyOf(ref),
            UpdateExpression: 'SET #w = :to',
            ConditionExpression: '#w = :from',
            ExpressionAttributeNames: { '#w': 'wrappedKey' },
            ExpressionAttributeValues: { ':from': { B: from }, ':to': { B: to } },
          }),
        );
      if (await heldFor(update, patience)) return true;
      // No two wrapped keys are alike: where ours stands, the answer to an earlier attempt was lost.
      const row = await read(ref);
      return row !== undefined && Buffer.compare(row.wrappedKey, to) === 0;
    },

    async remove(ref) {
      await patiently(() => client.send(new DeleteItemCommand({ TableName, Key: keyOf(ref) })), patience);
    },

    async list(limit, after) {
      const rows: SealedRow[] = [];
      let from = after === undefined ? undefined : keyOf(after);
      do {
        const ExclusiveStartKey = from;
        const Limit = limit - rows.length;
        const scan = () => client.send(new ScanCommand({ TableName, ConsistentRead: true, Limit, ExclusiveStartKey }));
        const page = await patiently(scan, patience);
        rows.push(...(page.Items ?? []).map(toSealedRow));
        from = page.LastEvaluatedKey;
      } while (from !== undefined && rows.length < limit);
      return rows;
    },
  };
}

const toItem = ({ ref, owner, wrappedKey, iv, ciphertext, tag }: SealedRow): Item => ({
  ref: { S: ref },
  owner: { S: owner },
  wrappedKey: { B: wrappedKey },
  iv: { B: iv },
  ciphertext: { B: ciphertext },
  tag: { B: tag },
});

const toSealedRow = ({ ref, owner, wrappedKey, iv, ciphertext, tag }: Item): SealedRow => ({
  ref: ref!.S!,
  owner: owner!.S!,
  wrappedKey: wrappedKey!.B!,
  iv: iv!.B!,
  ciphertext: ciphertext!.B!,
  tag: tag!.B!,
});

const tooLarge = (ref: string, bytes: number): Refusal =>
  new Refusal('SecretTooLarge', `${ref} would need a row of ${bytes} bytes; DynamoDB takes ${LARGEST}.`, {
    remedy: 'Keep a shorter value.',
  });
