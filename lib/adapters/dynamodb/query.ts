import { QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import type { DynamoDbOptions } from './options.ts';
import { patiently } from './patience.ts';
import type { Item } from './row.ts';

/** A query's parts, the names and values of its expressions each with their `#` or `:`. */
export interface Query extends Omit<QueryCommandInput, 'ExpressionAttributeNames' | 'ExpressionAttributeValues'> {
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, string>>;
}

/** The query's answers, one for each page. A page may be empty and not the last: what a filter leaves out counts for its size. */
export async function* pagesOf({ client, patience }: DynamoDbOptions, { names, values, ...query }: Query) {
  const input: QueryCommandInput = {
    ...query,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: Object.fromEntries(Object.entries(values).map(([name, text]) => [name, { S: text }])),
  };
  do {
    const page = await patiently(() => client.send(new QueryCommand(input)), patience);
    yield page;
    input.ExclusiveStartKey = page.LastEvaluatedKey;
  } while (input.ExclusiveStartKey !== undefined);
}

/** The rows of the query, each page asked for when it is needed. */
export async function* rowsOf(options: DynamoDbOptions, query: Query): AsyncGenerator<Item, void> {
  for await (const page of pagesOf(options, query)) yield* page.Items ?? [];
}
