import { randomBytes } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dynamodbChallengeTokens } from '../../lib/adapters/dynamodb/challengeTokens.ts';
import { dynamodbEventStore } from '../../lib/adapters/dynamodb/eventStore.ts';
import { dynamodbHolders } from '../../lib/adapters/dynamodb/holders.ts';
import { dynamodbLimitRows } from '../../lib/adapters/dynamodb/limitRows.ts';
import type { DynamoDbOptions } from '../../lib/adapters/dynamodb/options.ts';
import { dynamodbSealedRows } from '../../lib/adapters/dynamodb/sealedRows.ts';
import { type TableNames, tableUses } from '../../lib/adapters/dynamodb/tables.ts';
import { dynamodbViews } from '../../lib/adapters/dynamodb/views.ts';
import { clientOf, makeTables } from '../support/dynamodb.ts';
import { append } from '../support/ledger.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { type Ministack, startMinistack } from '../support/peers/ministack.ts';

const DUE = '2026-01-01T00:00:00.000Z';
const row = (view: string) => ({ view, key: 'a', version: 1, owner: 'payments', doc: { is: 1 } });
const sealed = {
  ref: 'a',
  owner: 'payments',
  wrappedKey: randomBytes(60),
  iv: randomBytes(12),
  ciphertext: randomBytes(9),
  tag: randomBytes(16),
};

/** Everything that a purpose may need, done twice, so that what only the second time asks for is seen too. */
const purposes: Record<keyof typeof tableUses, (options: DynamoDbOptions) => Promise<unknown>> = {
  async readLedger(options) {
    await dynamodbEventStore(options).head('a');
    await dynamodbEventStore(options).commits('a');
  },
  appendToLedger: (options) => append(dynamodbEventStore(options), 'a', 1, { dueAt: DUE }),
  findDue: (options) => dynamodbEventStore(options).due(DUE, 1),
  postponeDue: (options) => dynamodbEventStore(options).postpone('a', 1, DUE),
  listStreams: (options) => dynamodbEventStore(options).streams('', 1),
  async readViews(options) {
    const views = dynamodbViews(options);
    await views.get('things', 'a');
    for (const owner of ['payments', undefined]) {
      await views.list('things', { owner, limit: 1 });
      await views.count('things', { owner, where: { is: 1 } });
    }
  },
  async watchViews(options) {
    for (const by of ['expires', 'owed'] as const) await dynamodbViews(options).earliest('things', by, { limit: 1 });
  },
  async project(options) {
    await dynamodbViews(options).put(row('things'));
    await dynamodbViews(options).remove('things', 'b', 1);
  },
  async clearViews(options) {
    await dynamodbViews({ ...options, client: plain }).put(row('others'));
    await dynamodbViews(options).clear();
  },
  openSealed: (options) => dynamodbSealedRows(options).read('a'),
  seal: (options) => dynamodbSealedRows(options).create(sealed),
  purgeSealed: (options) => dynamodbSealedRows(options).remove('b'),
  async rotateSealed(options) {
    await dynamodbSealedRows(options).list(10);
    await dynamodbSealedRows(options).rewrap('a', sealed.wrappedKey, randomBytes(60));
  },
  answerChallenges: (options) => dynamodbChallengeTokens(options).find('token'),
  async presentChallenges(options) {
    await dynamodbChallengeTokens(options).put('token', 'token.thumbprint');
    await dynamodbChallengeTokens(options).remove('token');
    await dynamodbHolders(options).hold('value', 'a');
    await dynamodbHolders(options).release('value', 'a');
  },
  async keepLimits(options) {
    const row = (key: string) => ({ key, version: 0, doc: {}, expires: DUE });
    await dynamodbLimitRows(options).read(['a']);
    await dynamodbLimitRows(options).write([row('a')]);
    await dynamodbLimitRows(options).write([row('b'), row('c')]);
  },
};

let plain: DynamoDBClient;

describeWith(['ministack'], 'What a role needs on DynamoDB', () => {
  let ministack: Ministack;
  let tableNames: TableNames;
  beforeAll(async () => {
    ministack = await startMinistack();
    plain = clientOf(ministack);
    tableNames = await makeTables(plain, ['ledger', 'views', 'sealed', 'challenges']);
  });
  afterAll(async () => {
    plain?.destroy();
    await ministack?.stop();
  });

  for (const [purpose, act] of Object.entries(purposes)) {
    test(`to ${purpose} is what its adapter sends, and nothing else`, async () => {
      const use = tableUses[purpose as keyof typeof tableUses];
      const actions = new Set<string>();
      const indexes = new Set<string>();
      const tables = new Set<string>();
      const send = (command: { input: Record<string, never> }) => {
        const { IndexName, TableName, RequestItems, TransactItems = [] } = command.input as Record<string, never>;
        if (IndexName) indexes.add(IndexName);
        else actions.add(actionOf(command));
        const put = (TransactItems as { Put: { TableName: string } }[]).map((item) => item.Put.TableName);
        for (const table of [TableName, ...Object.keys(RequestItems ?? {}), ...put]) if (table) tables.add(table);
        return plain.send(command as never);
      };
      const options = { client: { send } as unknown as DynamoDBClient, tableNames };
      await act(options);
      await act(options);
      expect([...actions].toSorted()).toEqual(use.actions);
      expect([...indexes]).toEqual(use.indexes);
      expect([...tables]).toEqual([tableNames[use.table]]);
    });
  }
});

/** The action that IAM asks for: a transaction of puts is a put of each. */
function actionOf(command: object): string {
  const name = command.constructor.name.replace(/Command$/, '');
  return `dynamodb:${name === 'TransactWriteItems' ? 'PutItem' : name}`;
}
