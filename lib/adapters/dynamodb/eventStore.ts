import { GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { DueStream, EventStore } from '../../ports/eventStore.ts';
import { append } from './append.ts';
import { afterInstant, byteOrder, commitKey, dueAtOf, dueKey, HEAD, lastOf, shards } from './keys.ts';
import { toCommit, toHead } from './ledgerRows.ts';
import { merged, pageOf, taken } from './merged.ts';
import type { DynamoDbOptions } from './options.ts';
import { heldFor, patiently } from './patience.ts';
import { rowsOf } from './query.ts';
import type { Item } from './row.ts';
import { COMMIT_PREFIX, DUE_INDEX, STREAMS_INDEX } from './tables.ts';

/** Rows of a query for commits without a limit: a page of DynamoDB's ends at a MiB anyway. */
const MANY = 1000;

/**
 * The ledger in DynamoDB. `head` and `commits` read consistently. `due` and `streams` read indexes, which follow within moments: what is missed is
 * found by the next scan, and what has moved on is seen when its head is read.
 */
export function dynamodbEventStore(options: DynamoDbOptions): EventStore {
  const { client, tableNames, patience } = options;
  const TableName = tableNames.ledger;

  return {
    append: (commit, head) => append(options, commit, head),

    async head(stream) {
      const Key = { stream: { S: stream }, item: { S: HEAD } };
      const { Item } = await patiently(
        () => client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true })),
        patience,
      );
      return Item && toHead(Item);
    },

    async commits(stream, after = 0, limit = Number.POSITIVE_INFINITY) {
      const rows = rowsOf(options, {
        TableName,
        ConsistentRead: true,
        KeyConditionExpression: '#s = :stream AND #i BETWEEN :first AND :last',
        names: { '#s': 'stream', '#i': 'item' },
        values: { ':stream': stream, ':first': commitKey(after + 1), ':last': lastOf(COMMIT_PREFIX) },
        Limit: Math.min(limit, MANY),
      });
      return taken(rows, limit, toCommit);
    },

    async due(before, limit, after) {
      const past = after && dueKey(after.dueAt, after.stream);
      const rows = indexed(options, DUE_INDEX, 'dueKey', { from: past, below: afterInstant(before) }, limit);
      return taken(rows, limit, (row) => (row.dueKey!.S === past ? undefined : toDue(row)));
    },

    postpone(stream, version, dueAt) {
      const update = () =>
        client.send(
          new UpdateItemCommand({
            TableName,
            Key: { stream: { S: stream }, item: { S: HEAD } },
            UpdateExpression: 'SET #d = :due',
            ConditionExpression: '#v = :version',
            ExpressionAttributeNames: { '#d': 'dueKey', '#v': 'version' },
            ExpressionAttributeValues: { ':due': { S: dueKey(dueAt, stream) }, ':version': { N: String(version) } },
          }),
        );
      return heldFor(update, patience);
    },

    async streams(prefix, limit, after) {
      const from = after !== undefined && Buffer.compare(byteOrder(after), byteOrder(prefix)) > 0 ? after : prefix;
      const rows = indexed(options, STREAMS_INDEX, 'stream', { from, below: lastOf(prefix) }, limit);
      return taken(rows, limit, ({ stream }) => (stream!.S === after ? undefined : stream!.S));
    },
  };
}

/** Keys from `from` on (from the first when it is absent or empty) and before `below`. */
interface Range {
  readonly from: string | undefined;
  readonly below: string;
}

/** Head rows of an index in order of its sort key, from all its shards; `limit` of them are likely to be wanted. */
function indexed(options: DynamoDbOptions, IndexName: string, key: string, { from, below }: Range, limit: number) {
  const sources = shards.map((shard) =>
    rowsOf(options, {
      TableName: options.tableNames.ledger,
      IndexName,
      KeyConditionExpression: `#shard = :shard AND ${from ? '#key BETWEEN :from AND :below' : '#key < :below'}`,
      names: { '#shard': 'shard', '#key': key },
      values: { ':shard': shard, ':below': below, ...(from ? { ':from': from } : {}) },
      Limit: pageOf(limit, shards.length),
    }),
  );
  return merged(sources, (row) => row[key]!.S!);
}

const toDue = (row: Item): DueStream => ({
  stream: row.stream!.S!,
  version: Number(row.version!.N),
  dueAt: dueAtOf(row.dueKey!.S!),
});
