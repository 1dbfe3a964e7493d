import { randomBytes } from 'node:crypto';
import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dynamodbChallengeTokens } from '../../lib/adapters/dynamodb/challengeTokens.ts';
import { dynamodbEventStore } from '../../lib/adapters/dynamodb/eventStore.ts';
import type { DynamoDbOptions } from '../../lib/adapters/dynamodb/options.ts';
import { LARGEST } from '../../lib/adapters/dynamodb/row.ts';
import { dynamodbSealedRows } from '../../lib/adapters/dynamodb/sealedRows.ts';
import { commitRecordsOf, type StreamRecord } from '../../lib/adapters/dynamodb/streamRecords.ts';
import type { TableRole } from '../../lib/adapters/dynamodb/tables.ts';
import { dynamodbViews } from '../../lib/adapters/dynamodb/views.ts';
import type { DueStream } from '../../lib/ports/eventStore.ts';
import { clientOf, makeTables, removeTables } from '../support/dynamodb.ts';
import { append, entry } from '../support/ledger.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { type Ministack, startMinistack } from '../support/peers/ministack.ts';

describeWith(['ministack'], 'DynamoDB\u2019s limits', () => {
  let ministack: Ministack;
  let client: DynamoDBClient;
  beforeAll(async () => {
    ministack = await startMinistack();
    client = clientOf(ministack);
  });
  afterAll(async () => {
    client?.destroy();
    await ministack?.stop();
  });

  /** Runs `body` on tables of its own. */
  const on = (role: TableRole, body: (options: DynamoDbOptions) => Promise<void>) => async () => {
    const tableNames = await makeTables(client, [role]);
    await body({ client, tableNames }).finally(() => removeTables(client, tableNames));
  };

  /** Text that compresses to about as many bytes as it is made of. */
  const noise = (bytes: number): string => randomBytes(bytes).toString('base64');

  test(
    'a row just below 400 KiB is written and comes back whole',
    on('ledger', async (options) => {
      const store = dynamodbEventStore(options);
      const { commit, head } = entry('big/a', 1);
      const large = { ...head, snapshot: { evolve: 1, state: { text: noise(400_000) } } };
      expect(await store.append(commit, large)).toBe('appended');
      expect(await store.head('big/a')).toEqual(large);
      const { Items = [] } = await client.send(new ScanCommand({ TableName: options.tableNames.ledger }));
      const stored = Items.find((item) => item.state)!.state!.B!.byteLength;
      expect(stored).toBeGreaterThan(0.95 * LARGEST);
    }),
  );

  test(
    'a state of a megabyte that compresses well is no trouble',
    on('ledger', async (options) => {
      const store = dynamodbEventStore(options);
      const { commit, head } = entry('big/b', 1);
      const state = { names: Array.from({ length: 40_000 }, (_, index) => `app-${index}.payments.example.test`) };
      await store.append(commit, { ...head, snapshot: { evolve: 1, state } });
      expect((await store.head('big/b'))?.snapshot.state).toEqual(state);
    }),
  );

  test(
    'a row beyond 400 KiB is refused with a reason, be it commit or state, and nothing is written',
    on('ledger', async (options) => {
      const store = dynamodbEventStore(options);
      const { commit, head } = entry('big/c', 1);
      const text = noise(420_000);
      const largeState = { ...head, snapshot: { evolve: 1, state: { text } } };
      const largeCommit = { ...commit, events: [{ type: 'Counted', text } as { type: string }] };
      const refused = { name: 'Refusal', code: 'StreamTooLarge', message: expect.stringContaining('big/c') };
      await expect(store.append(commit, largeState)).rejects.toMatchObject(refused);
      await expect(store.append(largeCommit, head)).rejects.toMatchObject(refused);
      expect(await store.head('big/c')).toBeUndefined();
      expect(await store.commits('big/c')).toEqual([]);
    }),
  );

  test(
    'a stream whose name does not fit into the index is refused with a reason; the longest that does is due',
    on('ledger', async (options) => {
      const store = dynamodbEventStore(options);
      const longest = 'x'.repeat(999);
      const dueAt = '2026-01-01T00:00:00.000Z';
      await expect(append(store, `${longest}x`, 1)).rejects.toMatchObject({ code: 'StreamNameTooLong' });
      await append(store, longest, 1, { dueAt });
      expect(await store.due(dueAt, 1)).toEqual([{ stream: longest, version: 1, dueAt }]);
    }),
  );

  test(
    'commits that fill several pages of a megabyte come back in order, whole or as many as are wanted',
    on('ledger', async (options) => {
      const store = dynamodbEventStore(options);
      const text = noise(200_000);
      for (let version = 1; version <= 12; version++) {
        const { commit, head } = entry('long', version);
        const events = [{ type: 'Counted', text: `${version}${text}` } as { type: string }];
        await store.append({ ...commit, events }, head);
      }
      const versions = (await store.commits('long')).map((commit) => commit.version);
      expect(versions).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
      expect((await store.commits('long', 1, 9)).map((commit) => commit.version)).toEqual(versions.slice(1, 10));
    }),
  );

  test(
    'what is due and the names of streams come in order over all shards, whatever the size of a page',
    on('ledger', async (options) => {
      const store = dynamodbEventStore(options);
      const second = (n: number) => new Date(Date.UTC(2026, 5, 1) + n * 1000).toISOString();
      const all: DueStream[] = Array.from({ length: 120 }, (_, n) => ({
        stream: `${n % 3 === 0 ? 'team' : 'certificate'}/${(n * 37) % 120}`,
        version: 1,
        dueAt: second((n * 7) % 20),
      }));
      await Promise.all(all.map(({ stream, dueAt }) => append(store, stream, 1, { dueAt })));
      const byTime = all.toSorted((a, b) => (a.dueAt + a.stream < b.dueAt + b.stream ? -1 : 1));
      const names = all.map(({ stream }) => stream).toSorted();
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 130 }), fc.nat(21), async (limit, seconds) => {
          const due: DueStream[] = [];
          for (let page = await store.due(second(seconds), limit); page.length > 0; ) {
            due.push(...page);
            page = await store.due(second(seconds), limit, page.at(-1));
          }
          expect(due).toEqual(byTime.filter(({ dueAt }) => dueAt <= second(seconds)));
          const found: string[] = [];
          for (let page = await store.streams('', limit); page.length > 0; ) {
            found.push(...page);
            page = await store.streams('', limit, page.at(-1));
          }
          expect(found).toEqual(names);
        }),
        { numRuns: 4, examples: [[17, 21]] },
      );
    }),
  );

  test(
    'a view of more rows than a page is counted, chosen from and dropped whole',
    on('views', async (options) => {
      const views = dynamodbViews(options);
      const filler = noise(30_000);
      const rows = Array.from({ length: 80 }, (_, n) => ({
        view: 'certificates',
        key: `payments/${String(n).padStart(3, '0')}`,
        version: 1,
        owner: 'payments',
        doc: { filler, last: n === 79 },
      }));
      for (const row of rows) await views.put(row);
      expect(await views.count('certificates', {})).toBe(80);
      expect(await views.count('certificates', { owner: 'payments', where: { last: false } })).toBe(79);
      expect(await views.list('certificates', { owner: 'payments', where: { last: true }, limit: 1 })).toEqual([
        rows[79],
      ]);
      expect((await views.list('certificates', { limit: 80 })).map((row) => row.key)).toEqual(
        rows.map((row) => row.key),
      );
      await views.clear();
      expect(await views.count('certificates', {})).toBe(0);
      const large = { ...rows[0]!, doc: { text: noise(420_000) } };
      await expect(views.put(large)).rejects.toMatchObject({ code: 'ViewRowTooLarge' });
    }),
  );

  test(
    'a sealed row beyond 400 KiB is refused with a reason',
    on('sealed', async (options) => {
      const [wrappedKey, iv, tag] = [randomBytes(60), randomBytes(12), randomBytes(16)];
      const row = { ref: 'big', owner: 'payments', wrappedKey, iv, tag, ciphertext: randomBytes(LARGEST) };
      await expect(dynamodbSealedRows(options).create(row)).rejects.toMatchObject({ code: 'SecretTooLarge' });
    }),
  );

  test(
    'sealed rows of more than a page are listed whole, also after one that was purged meanwhile',
    on('sealed', async (options) => {
      const rows = dynamodbSealedRows(options);
      const [wrappedKey, iv, tag] = [randomBytes(60), randomBytes(12), randomBytes(16)];
      const refs = ['a', 'b', 'c', 'd', 'e', 'f'];
      for (const ref of refs) {
        await rows.create({ ref, owner: 'payments', wrappedKey, iv, tag, ciphertext: randomBytes(300_000) });
      }
      const all = (await rows.list(6)).map((row) => row.ref);
      expect(all.toSorted()).toEqual(refs);
      await rows.remove(all[2]!);
      expect((await rows.list(6, all[2])).map((row) => row.ref)).toEqual(all.slice(3));
    }),
  );

  test(
    'a token is found until its time has come, removed by DynamoDB or not, and none of endless length is looked for',
    on('challenges', async (options) => {
      let now = Date.UTC(2026, 0, 1);
      const tokens = dynamodbChallengeTokens({ ...options, now: () => now });
      await tokens.put('token', 'token.thumbprint');
      now += 29 * 86_400_000;
      expect(await tokens.find('token')).toBe('token.thumbprint');
      now += 2 * 86_400_000;
      expect(await tokens.find('token')).toBeUndefined();
      expect(await tokens.find('x'.repeat(100_000))).toBeUndefined();
    }),
  );

  test(
    'the table\u2019s stream tells of every commit, and of nothing else that is one',
    on('ledger', async (options) => {
      const store = dynamodbEventStore(options);
      const first = entry('fed', 1, { dueAt: '2026-01-01T00:00:00.000Z' });
      const second = entry('fed', 2);
      const long = { ...second.commit, events: [{ type: 'Counted', text: noise(3000) } as { type: string }] };
      await store.append(first.commit, first.head);
      await store.postpone('fed', 1, '2026-02-01T00:00:00.000Z');
      await store.append(long, second.head);
      const { Table } = await client.send(new DescribeTableCommand({ TableName: options.tableNames.ledger }));
      const Records = await streamOf(ministack, Table!.LatestStreamArn!);
      expect(Records.length).toBeGreaterThan(2);
      expect(commitRecordsOf({ Records }).map((record) => 'commit' in record && record.commit)).toEqual([
        first.commit,
        long,
      ]);
    }),
  );

  test('rows that expire say so to their tables', async () => {
    const tableNames = await makeTables(client, ['views', 'challenges']);
    for (const TableName of [tableNames.views, tableNames.challenges]) {
      const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
      expect(TimeToLiveDescription).toMatchObject({ AttributeName: 'expires', TimeToLiveStatus: 'ENABLED' });
    }
    const month = Date.UTC(2026, 0, 31) / 1000;
    const options = { client, tableNames, now: () => Date.UTC(2026, 0, 1) };
    const views = dynamodbViews(options);
    await views.put({ view: 'things', key: 'a', version: 1, owner: 'a', doc: {} });
    await views.remove('things', 'b', 1);
    await dynamodbChallengeTokens(options).put('token', 'token.thumbprint');
    const expiring = async (TableName: string) =>
      ((await client.send(new ScanCommand({ TableName }))).Items ?? []).map(({ expires }) => expires?.N);
    expect((await expiring(tableNames.views)).toSorted()).toEqual([String(month), undefined]);
    expect(await expiring(tableNames.challenges)).toEqual([String(month)]);
    await removeTables(client, tableNames);
  });
});

interface StreamAnswers {
  DescribeStream: { StreamDescription: { Shards: { ShardId: string }[] } };
  GetShardIterator: { ShardIterator: string };
  GetRecords: { Records: StreamRecord[] };
}

/** Every record of a table's stream, asked for over HTTP: the product reads streams through Lambda and needs no client for them. */
async function streamOf({ endpoint, region }: Ministack, StreamArn: string): Promise<StreamRecord[]> {
  async function ask<Action extends keyof StreamAnswers>(action: Action, body: object): Promise<StreamAnswers[Action]> {
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDBStreams_20120810.${action}`,
      authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/dynamodb/aws4_request`,
    };
    const answer = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${action}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as StreamAnswers[Action];
  }
  const { StreamDescription } = await ask('DescribeStream', { StreamArn });
  const records: StreamRecord[] = [];
  for (const { ShardId } of StreamDescription.Shards) {
    const from = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
    const { ShardIterator } = await ask('GetShardIterator', from);
    records.push(...(await ask('GetRecords', { ShardIterator })).Records);
  }
  return records;
}
