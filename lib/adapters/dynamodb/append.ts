import { createHash } from 'node:crypto';
import { GetItemCommand, type Put, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { Refusal } from '../../domain/refusal.ts';
import type { Commit, Head } from '../../ports/eventStore.ts';
import { assertFit } from '../commitBody.ts';
import { commitKey, LONGEST_STREAM } from './keys.ts';
import { commitRow, headRow } from './ledgerRows.ts';
import type { DynamoDbOptions } from './options.ts';
import { heldFor, patiently } from './patience.ts';
import { assertFits, type Item, LARGEST } from './row.ts';

/**
 * Writes commit and head in one transaction: the commit's row must not be there, and the head's must be at the version before. When that does not
 * hold, the row that stands at the commit's version says whose it is: ours, and the answer to an earlier attempt was lost, or somebody else's.
 * @throws Refusal `StreamTooLarge`, `StreamNameTooLong`; ThrottledError
 */
export async function append(options: DynamoDbOptions, commit: Commit, head: Head): Promise<'appended' | 'conflict'> {
  assertFit(commit, head);
  if (Buffer.byteLength(commit.stream) > LONGEST_STREAM) throw nameTooLong(commit.stream);
  const rows = [commitRow(commit), headRow(head)] as const;
  for (const row of rows) assertFits(row, (bytes) => tooLarge(commit.stream, bytes));
  if (await written(options, rows, commit.version)) return 'appended';
  return (await writerOf(options, commit)) === commit.commitId ? 'appended' : 'conflict';
}

function written(options: DynamoDbOptions, rows: readonly [Item, Item], version: number): Promise<boolean> {
  const { client, tableNames, patience } = options;
  const absent = { ConditionExpression: 'attribute_not_exists(#s)', ExpressionAttributeNames: { '#s': 'stream' } };
  const atVersionBefore = {
    ConditionExpression: '#v = :before',
    ExpressionAttributeNames: { '#v': 'version' },
    ExpressionAttributeValues: { ':before': { N: String(version - 1) } },
  };
  const put = (row: Item, condition: Partial<Put>) => ({
    Put: { TableName: tableNames.ledger, Item: row, ...condition },
  });
  const TransactItems = [put(rows[0], absent), put(rows[1], version === 1 ? absent : atVersionBefore)];
  const ClientRequestToken = tokenOf(tableNames.ledger, rows);
  return heldFor(() => client.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken })), patience);
}

/**
 * Ten minutes long DynamoDB answers a repeat with the same token as it answered the first. The commitId would not do: after a conflict it comes again
 * with another version, which DynamoDB refuses for a token that it knows. 36 characters are allowed.
 */
function tokenOf(table: string, rows: readonly Item[]): string {
  const hash = createHash('sha256').update(table);
  for (const { S, N, B } of rows.flatMap((row) => Object.values(row))) hash.update(S ?? N ?? B ?? '').update('\0');
  return hash.digest('hex').slice(0, 36);
}

async function writerOf({ client, tableNames, patience }: DynamoDbOptions, commit: Commit) {
  const { Item } = await patiently(
    () =>
      client.send(
        new GetItemCommand({
          TableName: tableNames.ledger,
          Key: { stream: { S: commit.stream }, item: { S: commitKey(commit.version) } },
          ConsistentRead: true,
          ProjectionExpression: 'commitId',
        }),
      ),
    patience,
  );
  return Item?.commitId?.S;
}

const tooLarge = (stream: string, bytes: number): Refusal =>
  new Refusal('StreamTooLarge', `${stream} would need a row of ${bytes} bytes; DynamoDB takes ${LARGEST}.`, {
    remedy: 'Make the resource smaller: fewer names, shorter annotations. Nothing was written.',
  });

const nameTooLong = (stream: string): Refusal =>
  new Refusal(
    'StreamNameTooLong',
    `The stream's name is longer than ${LONGEST_STREAM} bytes: ${stream.slice(0, 80)}...`,
    {
      remedy: 'Choose shorter names.',
    },
  );
