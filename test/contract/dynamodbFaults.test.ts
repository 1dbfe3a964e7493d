import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { BatchWriteItemCommand, type DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamodbEventStore } from '../../lib/adapters/dynamodb/eventStore.ts';
import { dynamodbHolders } from '../../lib/adapters/dynamodb/holders.ts';
import type { DynamoDbOptions } from '../../lib/adapters/dynamodb/options.ts';
import { dynamodbSealedRows } from '../../lib/adapters/dynamodb/sealedRows.ts';
import { dynamodbViews } from '../../lib/adapters/dynamodb/views.ts';
import type { EventStore } from '../../lib/ports/eventStore.ts';
import { ThrottledError } from '../../lib/ports/throttled.ts';
import type { WriterTask } from '../support/appendToDynamo.ts';
import { runCommand } from '../support/commands.ts';
import { clientOf, makeTables, removeTables } from '../support/dynamodb.ts';
import { append, entry } from '../support/ledger.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { type Ministack, startMinistack } from '../support/peers/ministack.ts';

type Send = DynamoDbOptions['client']['send'];
type Command = Parameters<DynamoDBClient['send']>[0];

/** Stands between an adapter and the emulator, where the network and DynamoDB's own limits stand: the emulator has neither. */
const between = (
  client: DynamoDBClient,
  meet: (command: Command, send: () => Promise<unknown>) => Promise<unknown>,
) => ({
  send: ((command: Command) => meet(command, () => client.send(command as never))) as unknown as Send,
});

/** Does what the first `losses` commands of this kind ask for, and loses the answers. */
function losing(client: DynamoDBClient, losses: number, kind?: new (...args: never[]) => object) {
  let lost = 0;
  return between(client, async (command, send) => {
    const answer = await send();
    if (lost >= losses || (kind && !(command instanceof kind))) return answer;
    lost++;
    throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  });
}

describeWith(['ministack'], 'DynamoDB in trouble', () => {
  let ministack: Ministack;
  let client: DynamoDBClient;
  let options: DynamoDbOptions;
  beforeAll(async () => {
    ministack = await startMinistack();
    client = clientOf(ministack);
    options = { client, tableNames: await makeTables(client, ['ledger', 'views', 'sealed', 'challenges']) };
  });
  afterAll(async () => {
    if (options) await removeTables(client, options.tableNames);
    client?.destroy();
    await ministack?.stop();
  });

  const patience = { inAll: 60_000, firstPause: 1, longestPause: 5 };

  describe('an answer that is lost', () => {
    test('to an append: the commit is there once, and is known as ours', async () => {
      const store = dynamodbEventStore({ ...options, client: losing(client, 2), patience });
      expect(await append(store, 'lost/a', 1)).toBe('appended');
      expect((await store.commits('lost/a')).map((commit) => commit.version)).toEqual([1]);
    });

    test('to an append by a process that then made the snapshot in another way: the commit is known as ours', async () => {
      const { commit, head } = entry('lost/b', 1);
      await dynamodbEventStore(options).append(commit, head);
      const other = { ...head, snapshot: { evolve: 2, state: { total: 1 } } };
      expect(await dynamodbEventStore(options).append(commit, other)).toBe('appended');
      expect(await dynamodbEventStore(options).head('lost/b')).toEqual(head);
    });

    test('to an append that met another writer: it stays a conflict', async () => {
      await append(dynamodbEventStore(options), 'lost/c', 1);
      const broken = losing(client, 1, TransactWriteItemsCommand);
      const store = dynamodbEventStore({ ...options, client: broken, patience });
      expect(await append(store, 'lost/c', 1)).toBe('conflict');
    });

    test('for good: the error is thrown, and a later attempt finds the commit', async () => {
      const deaf = losing(client, Number.POSITIVE_INFINITY, TransactWriteItemsCommand);
      const store = dynamodbEventStore({ ...options, client: deaf, patience: { ...patience, inAll: 0 } });
      const { commit, head } = entry('lost/d', 1);
      await expect(store.append(commit, head)).rejects.toThrow('socket hang up');
      expect(await dynamodbEventStore(options).append(commit, head)).toBe('appended');
      expect(await dynamodbEventStore(options).commits('lost/d')).toEqual([commit]);
    });

    test('to the postponing of a stream: it is postponed', async () => {
      await append(dynamodbEventStore(options), 'lost/e', 1, { dueAt: '2026-01-01T00:00:00.000Z' });
      const store = dynamodbEventStore({ ...options, client: losing(client, 1), patience });
      expect(await store.postpone('lost/e', 1, '2026-05-01T00:00:00.000Z')).toBe(true);
      expect((await store.head('lost/e'))?.dueAt).toBe('2026-05-01T00:00:00.000Z');
    });

    test('to the sealing, wrapping and holding of a row: it is ours all the same', async () => {
      const lossy = () => ({ ...options, client: losing(client, 1), patience });
      const parts = {
        wrappedKey: randomBytes(60),
        iv: randomBytes(12),
        ciphertext: randomBytes(9),
        tag: randomBytes(16),
      };
      const row = { ref: 'key/lost', owner: 'payments', ...parts };
      expect((await dynamodbSealedRows(lossy()).create(row)).owner).toBe('payments');
      expect(await dynamodbSealedRows(lossy()).rewrap(row.ref, row.wrappedKey, randomBytes(60))).toBe(true);
      await dynamodbHolders(lossy()).hold('value', 'a');
      expect(await dynamodbHolders(lossy()).release('value', 'a')).toBe(true);
    });
  });

  describe('a DynamoDB that asks for a slower pace', () => {
    const throttled = (times: number) => {
      let left = times;
      return between(client, async (_command, send) => {
        if (left-- <= 0) return send();
        throw Object.assign(new Error('slow down'), { name: 'ProvisionedThroughputExceededException' });
      });
    };

    test('is asked again, and the append succeeds', async () => {
      const store = dynamodbEventStore({ ...options, client: throttled(4), patience });
      expect(await append(store, 'slow/a', 1)).toBe('appended');
    });

    test('for too long gives ThrottledError, and nothing is written', async () => {
      const busy = throttled(Number.POSITIVE_INFINITY);
      const store = dynamodbEventStore({ ...options, client: busy, patience: { ...patience, inAll: 0 } });
      await expect(append(store, 'slow/b', 1)).rejects.toBeInstanceOf(ThrottledError);
      expect(await dynamodbEventStore(options).head('slow/b')).toBeUndefined();
    });

    test('in the middle of a batch: what it left is removed after', async () => {
      let left = 2;
      const partly = between(client, async (command, send) => {
        if (!(command instanceof BatchWriteItemCommand) || left-- <= 0) return send();
        // As DynamoDB does: some of it is done, and the rest is handed back.
        const [table, requests] = Object.entries(command.input.RequestItems!)[0]!;
        await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests.slice(0, 5) } }));
        return { UnprocessedItems: { [table]: requests.slice(5) } };
      });
      const views = dynamodbViews({ ...options, client: partly, patience });
      for (let n = 0; n < 30; n++) await views.put({ view: 'things', key: `${n}`, version: 1, owner: 'a', doc: {} });
      await views.clear();
      expect(await views.count('things', {})).toBe(0);
    });
  });

  test('takes a commitId again at the next version, as a command does that another writer was ahead of', async () => {
    const store = dynamodbEventStore(options);
    await append(store, 'again', 1);
    expect(await append(store, 'again', 1, { commitId: 'mine' })).toBe('conflict');
    expect(await append(store, 'again', 2, { commitId: 'mine' })).toBe('appended');
    expect(await append(store, 'again', 3)).toBe('appended');
    expect(await append(store, 'again', 2, { commitId: 'mine' })).toBe('appended');
    expect((await store.commits('again')).map((commit) => commit.version)).toEqual([1, 2, 3]);
  });

  test('loses nothing between two processes that write one stream', async () => {
    const { endpoint, region, credentials } = ministack;
    const write = async (name: string): Promise<string[]> => {
      const { tableNames } = options;
      const task: WriterTask = { endpoint, region, credentials, tableNames, stream: 'both/a', name, commits: 25 };
      const script = join(import.meta.dirname, '../support/appendToDynamo.ts');
      const { code, stdout, stderr } = await runCommand(process.execPath, [script, JSON.stringify(task)]);
      if (code !== 0) throw new Error(stderr);
      return JSON.parse(stdout);
    };
    const [one, two] = await Promise.all([write('one'), write('two')]);
    const store: EventStore = dynamodbEventStore(options);
    const commits = await store.commits('both/a');
    expect(commits.map((commit) => commit.version)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(commits.map((commit) => commit.commitId).toSorted()).toEqual([...one, ...two].toSorted());
    expect((await store.head('both/a'))?.commitId).toBe(commits.at(-1)?.commitId);
  });
});
