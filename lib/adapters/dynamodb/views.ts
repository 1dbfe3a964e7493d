import {
  BatchWriteItemCommand,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { Refusal } from '../../domain/refusal.ts';
import type { ViewQuery, ViewRow, Views, Watched, WatchedTime } from '../../ports/views.ts';
import { expiresAfterMonth } from './expiry.ts';
import { shardOf, shards } from './keys.ts';
import { merged, pageOf, type Rows, taken } from './merged.ts';
import type { DynamoDbOptions } from './options.ts';
import { heldFor, LeftForLater, patiently } from './patience.ts';
import { pagesOf, type Query, rowsOf } from './query.ts';
import { assertFits, type Item, LARGEST, packed, unpacked } from './row.ts';
import { OWNER_INDEX, WATCHED } from './tables.ts';
import { matches } from './where.ts';

/** DynamoDB's limit for one batch of writes. */
const BATCH = 25;

/**
 * Read models in DynamoDB. A removed row stays for a month as a tombstone, so that a late `put` of an older version does not bring it back. Lists are
 * eventually consistent, as the views are anyway; `get` is consistent.
 */
export function dynamodbViews(options: DynamoDbOptions): Views {
  const { client, tableNames, patience } = options;
  const TableName = tableNames.views;

  function upsert(Item: Item): Promise<boolean> {
    const put = () =>
      client.send(
        new PutItemCommand({
          TableName,
          Item,
          ConditionExpression: 'attribute_not_exists(#v) OR #v < :version',
          ExpressionAttributeNames: { '#v': 'version' },
          ExpressionAttributeValues: { ':version': Item.version! },
        }),
      );
    return heldFor(put, patience);
  }

  async function removeAll(keys: readonly Item[]): Promise<void> {
    let left: WriteRequest[] = keys.map((Key) => ({ DeleteRequest: { Key } }));
    await patiently(async () => {
      const answer = await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: left } }));
      left = answer.UnprocessedItems?.[TableName] ?? [];
      if (left.length > 0) throw new LeftForLater(`${left.length} rows were not removed yet`);
    }, patience);
  }

  return {
    async put(row) {
      const item = toItem(row);
      assertFits(item, (bytes) => tooLarge(row, bytes));
      return upsert(item);
    },

    remove: (view, key, version) =>
      upsert({
        ...keyOf(view, key),
        version: { N: String(version) },
        removed: { BOOL: true },
        expires: { N: String(expiresAfterMonth(options)) },
      }),

    async get(view, key) {
      const get = () => client.send(new GetItemCommand({ TableName, Key: keyOf(view, key), ConsistentRead: true }));
      const { Item } = await patiently(get, patience);
      return Item && !Item.removed ? toRow(Item) : undefined;
    },

    list(view, query) {
      return taken(inOrder(options, view, query), query.limit, (item) => {
        const row = toRow(item);
        return matches(row.doc, query.where) ? row : undefined;
      });
    },

    earliest(view, by, { before, limit }) {
      const { index, attribute } = WATCHED[by];
      const parts = shards.map((shard) =>
        rowsOf(options, {
          TableName,
          IndexName: index,
          KeyConditionExpression: before ? '#shelf = :shelf AND #at < :before' : '#shelf = :shelf',
          names: { '#shelf': 'shelf', ...(before && { '#at': attribute }) },
          values: { ':shelf': `${view}#${shard}`, ...(before && { ':before': before }) },
          Limit: pageOf(limit, shards.length),
        }),
      );
      const rows = merged(parts, (row) => row[attribute]!.S!);
      return taken(rows, limit, (row) => toWatched(row, by));
    },

    async count(view, query) {
      const counts = partsOf(options, view, query).map((part) => countOf(options, part, query.where));
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    },

    async clear() {
      let from: Item | undefined;
      do {
        const ExclusiveStartKey = from;
        const names = { '#s': 'shelf', '#k': 'key' };
        const scan = () =>
          client.send(
            new ScanCommand({
              TableName,
              ConsistentRead: true,
              ProjectionExpression: '#s, #k',
              ExpressionAttributeNames: names,
              ExclusiveStartKey,
            }),
          );
        const { Items = [], LastEvaluatedKey } = await patiently(scan, patience);
        for (let at = 0; at < Items.length; at += BATCH) await removeAll(Items.slice(at, at + BATCH));
        from = LastEvaluatedKey;
      } while (from !== undefined);
    },
  };
}

// A view's rows lie on shelves, by a hash of their keys: so it is not one partition that takes every write.
const keyOf = (view: string, key: string): Item => ({ shelf: { S: `${view}#${shardOf(key)}` }, key: { S: key } });

const toItem = ({ view, key, version, owner, doc, watch = {} }: ViewRow): Item => ({
  ...keyOf(view, key),
  version: { N: String(version) },
  owner: { S: owner },
  ownerShelf: { S: `${view}#${owner}` },
  doc: packed(JSON.stringify(doc)),
  ...(watch.expires && { [WATCHED.expires.attribute]: { S: watch.expires } }),
  ...(watch.owed && { [WATCHED.owed.attribute]: { S: watch.owed } }),
  ...(watch.issuer && { issuer: { S: watch.issuer } }),
  ...(watch.failing && { failing: { BOOL: true } }),
});

const toWatched = (item: Item, by: WatchedTime): Watched => ({
  key: item.key!.S!,
  owner: item.owner!.S!,
  at: item[WATCHED[by].attribute]!.S!,
  ...(item.issuer && { issuer: item.issuer.S! }),
  failing: item.failing?.BOOL === true,
});

const toRow = ({ shelf, key, version, owner, doc }: Item): ViewRow => ({
  view: shelf!.S!.slice(0, shelf!.S!.lastIndexOf('#')),
  key: key!.S!,
  version: Number(version!.N),
  owner: owner!.S!,
  doc: JSON.parse(unpacked(doc)),
});

type Selection = Pick<ViewQuery, 'owner' | 'where' | 'after'> & { readonly limit?: number };

/** The queries that find a view's live rows, each in order of key: one of the owner's, or one a shelf. */
function partsOf({ tableNames }: DynamoDbOptions, view: string, { owner, where, after, limit }: Selection): Query[] {
  const shelves = owner === undefined ? shards.map((shard) => `${view}#${shard}`) : [`${view}#${owner}`];
  const shelf = owner === undefined ? 'shelf' : 'ownerShelf';
  return shelves.map((name) => ({
    TableName: tableNames.views,
    ...(owner === undefined ? { FilterExpression: 'attribute_not_exists(#removed)' } : { IndexName: OWNER_INDEX }),
    KeyConditionExpression: after ? '#shelf = :shelf AND #key > :after' : '#shelf = :shelf',
    names: {
      '#shelf': shelf,
      ...(after && { '#key': 'key' }),
      ...(owner === undefined && { '#removed': 'removed' }),
    },
    values: { ':shelf': name, ...(after && { ':after': after }) },
    // Of rows that are chosen from, as many as a page holds.
    ...(limit !== undefined && where === undefined && { Limit: pageOf(limit, shelves.length) }),
  }));
}

function inOrder(options: DynamoDbOptions, view: string, query: ViewQuery): Rows<Item> {
  const parts = partsOf(options, view, query).map((part) => rowsOf(options, part));
  return merged(parts, (row) => row.key!.S!);
}

async function countOf(options: DynamoDbOptions, query: Query, where: ViewQuery['where']): Promise<number> {
  let count = 0;
  if (where === undefined) {
    for await (const page of pagesOf(options, { ...query, Select: 'COUNT' })) count += page.Count ?? 0;
  } else {
    for await (const row of rowsOf(options, query)) if (matches(toRow(row).doc, where)) count++;
  }
  return count;
}

const tooLarge = ({ view, key }: ViewRow, bytes: number): Refusal =>
  new Refusal('ViewRowTooLarge', `${key} in ${view} would need a row of ${bytes} bytes; DynamoDB takes ${LARGEST}.`, {
    remedy: 'Make the resource smaller: fewer names, shorter annotations.',
  });
