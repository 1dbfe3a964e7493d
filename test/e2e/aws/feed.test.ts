import { DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ListSecretVersionIdsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { commitKey } from '../../../lib/adapters/dynamodb/keys.ts';
import type { StreamRecord } from '../../../lib/adapters/dynamodb/streamRecords.ts';
import { executionName } from '../../../lib/application/reactions/runs.ts';
import { issuanceStream } from '../../../lib/domain/issuance.ts';
import { DEPLOYING, type Deployed, deployed } from '../../support/deployed.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { machineArn, soon, startTenant, type Tenant } from '../../support/tenant.ts';

const TEAM = 'feed';
const READERS = ['project', 'react'] as const;
/** The longest that a record of the ledger's stream may wait, in seconds, as the stack says. */
const LONGEST_WAIT = 12 * 3600;

/** Seconds that the scan leaves a commit to the feed, and one more. */
const GRACE = 61;

/**
 * The feed of the deployed app. The emulator hands batches on, but it takes no notice of the failures that an answer names, nor of a number of
 * retries: it gives a batch up by its age alone. That a batch is cut in two and a record given up after its retries is asserted on the template
 * (test/contract/stacks); which records an answer names, here and in test/functions/stream.
 */
describeWith(['ministack', 'pebble', 'kubernetes'], 'The feed of the deployed app', () => {
  let app: Deployed;
  let feed: Tenant;
  let ledger: DynamoDBClient;
  let mapping: string;
  beforeAll(async () => {
    app = await deployed();
    feed = await startTenant(app, TEAM);
    ledger = new DynamoDBClient(app.client);
    mapping = await app.feedOf('react');
  }, DEPLOYING);
  afterEach(async () => {
    app.setAhead(0);
    await app.limit('react', undefined);
    await app.setLongestWait(mapping, LONGEST_WAIT);
  });
  afterAll(() => feed?.stop());

  /** Records of commits whose stream's name has the word. */
  const records = async (word: string) => {
    const found = await recordsOf(app);
    return found.filter(({ dynamodb }) => dynamodb?.Keys?.stream?.S?.includes(word));
  };
  const executions = async (name: string) => {
    const { uid } = await feed.describe(name);
    const prefix = executionName(issuanceStream(uid, 1), 1).split('-')[0]!;
    const stateMachineArn = await machineArn(app, 'issueCertificate');
    const listed = await new SFNClient(app.client).send(new ListExecutionsCommand({ stateMachineArn }));
    return listed.executions!.filter((one) => one.name!.startsWith(prefix)).map(({ name: own }) => own);
  };

  it('the same batch twice, and at the same time, is one order, one execution, one version and one revision', async () => {
    const orders = feed.orders();
    const secret = `chancery/${TEAM}/twice`;
    // The readers' own turn is held back, so that the batches below come first, and its own after them.
    await app.limit('react', 0);
    await feed.request('twice', undefined, { kind: 'secretsManager', name: secret });
    const first = { Records: await records(`${TEAM}/twice`) };
    expect(first.Records.length).toBeGreaterThan(0);
    await app.limit('react', undefined);
    const answers = await Promise.all([...READERS, ...READERS].map((reader) => app.invoke(reader, first)));
    expect(answers).toEqual(Array(4).fill({ batchItemFailures: [] }));
    await feed.settled('twice');

    const { uid } = await feed.describe('twice');
    const all = { Records: [...(await records(`${TEAM}/twice`)), ...(await records(uid))] };
    expect(all.Records.length).toBeGreaterThan(first.Records.length + 5);
    const before = await feed.describe('twice');
    for (const reader of [...READERS, ...READERS]) {
      expect(await app.invoke(reader, all)).toEqual({ batchItemFailures: [] });
    }
    expect(await feed.describe('twice')).toEqual(before);
    expect(feed.orders() - orders).toBe(1);
    expect(await executions('twice')).toHaveLength(1);
    const versions = new ListSecretVersionIdsCommand({ SecretId: secret, IncludeDeprecated: true });
    expect((await new SecretsManagerClient(app.client).send(versions)).Versions).toHaveLength(1);
  });

  it('a record that was given up is in the dead-letter queue, and the scan does what it told of', async () => {
    const orders = feed.orders();
    const before = await app.deadLetters();
    await app.setLongestWait(mapping, 1);
    await app.limit('react', 0);
    await feed.request('dropped');
    const letters = await soon('the record is given up', async () => {
      const now = await app.deadLetters();
      if (now.length === before.length) throw new Error('no dead letter');
      return now;
    });
    const letter = JSON.parse(letters.at(-1)!);
    expect(letter.requestContext).toMatchObject({ condition: 'MaxRecordAgeExceeded' });
    expect(letter.DDBStreamBatchInfo.batchSize).toBeGreaterThan(0);
    await app.limit('react', undefined);
    await app.setLongestWait(mapping, LONGEST_WAIT);
    expect((await feed.describe('dropped')).status).not.toHaveProperty('revision');
    app.setAhead(GRACE);
    await app.invoke('scan');
    await feed.settled('dropped');
    expect(feed.orders() - orders).toBe(1);
    expect(await executions('dropped')).toHaveLength(1);
  });

  it('a record that cannot be read is named as failed and logged without its content; the rest goes on', async () => {
    const Key = { stream: { S: `certificate/${TEAM}/broken` }, item: { S: commitKey(1) } };
    const TableName = app.table('ledger');
    await ledger.send(new PutItemCommand({ TableName, Item: { ...Key, events: { S: 'no-json-at-all' } } }));
    await feed.request('after');
    const good = await soon('the stream has it', async () => {
      const found = await records(`${TEAM}/after`);
      if (found.length === 0) throw new Error('not yet');
      return found;
    });
    const [bad] = await records(`${TEAM}/broken`);
    for (const reader of READERS) {
      expect(await app.invoke(reader, { Records: [bad, ...good] })).toEqual({
        batchItemFailures: [{ itemIdentifier: bad!.dynamodb!.SequenceNumber }],
      });
      const log = await app.logOf(reader);
      expect(log).toContain('feed: a record cannot be read');
      expect(log).not.toContain('no-json-at-all');
    }
    await feed.settled('after');
    await ledger.send(new DeleteItemCommand({ TableName, Key }));
  });
});

/** All that the ledger's stream holds, as Lambda hands it on; head rows left out, as the mapping's filter does. */
async function recordsOf(app: Deployed): Promise<StreamRecord[]> {
  const call = <T>(action: string, input: object) =>
    app.json<T>('dynamodb', `DynamoDBStreams_20120810.${action}`, input);
  const listed = await call<{ Streams: { StreamArn: string }[] }>('ListStreams', { TableName: app.table('ledger') });
  const { StreamArn } = listed.Streams[0]!;
  const { StreamDescription } = await call<{ StreamDescription: { Shards: { ShardId: string }[] } }>('DescribeStream', {
    StreamArn,
  });
  const { ShardId } = StreamDescription.Shards[0]!;
  const start = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
  let { ShardIterator } = await call<{ ShardIterator: string | undefined }>('GetShardIterator', start);
  const found: StreamRecord[] = [];
  while (ShardIterator) {
    const page: { Records: StreamRecord[]; NextShardIterator?: string } = await call('GetRecords', { ShardIterator });
    found.push(...page.Records);
    if (page.Records.length === 0) break;
    ShardIterator = page.NextShardIterator;
  }
  return found.filter(({ eventName, dynamodb }) => eventName === 'INSERT' && dynamodb?.Keys?.item?.S !== 'head');
}
