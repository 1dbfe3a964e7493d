/**
 * A writer of its own process: `node appendToDynamo.ts JSON` appends `commits` commits to `stream` in DynamoDB, as handleCommand does: it loads,
 * tries the next version, and on a conflict loads again. Prints the ids of its commits as JSON.
 */
import { dynamodbEventStore } from '../../lib/adapters/dynamodb/eventStore.ts';
import type { TableNames } from '../../lib/adapters/dynamodb/tables.ts';
import { clientOf } from './dynamodb.ts';
import { append } from './ledger.ts';
import type { Ministack } from './peers/ministack.ts';

/** What the process is told. */
export interface WriterTask extends Pick<Ministack, 'endpoint' | 'region' | 'credentials'> {
  readonly tableNames: TableNames;
  readonly stream: string;
  readonly name: string;
  readonly commits: number;
}

const task: WriterTask = JSON.parse(process.argv[2] as string);
const client = clientOf(task);
const store = dynamodbEventStore({ client, tableNames: task.tableNames });
const mine: string[] = [];
while (mine.length < task.commits) {
  const version = ((await store.head(task.stream))?.version ?? 0) + 1;
  const commitId = `${task.name}-${mine.length}`;
  if ((await append(store, task.stream, version, { commitId, by: task.name })) === 'appended') mine.push(commitId);
}
client.destroy();
process.stdout.write(JSON.stringify(mine));
