import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sqsLetters } from '../../../lib/adapters/sqs/letters.ts';
import { clientOf } from '../../support/aws.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { type Ministack, startMinistack } from '../../support/peers/ministack.ts';

const readers = { project: 'chancery-project', react: 'chancery-react' };

/** As Lambda writes of a batch that it gave up: docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html */
const failedBatch = (functionName: string, more: object = {}) =>
  JSON.stringify({
    requestContext: {
      requestId: '316aa6d0-8154-xmpl-9af7-85d5f4a6bc81',
      functionArn: `arn:aws:lambda:eu-central-1:000000000000:function:${functionName}`,
      condition: 'RetryAttemptsExhausted',
      approximateInvokeCount: 11,
    },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    version: '1.0',
    timestamp: '2026-01-02T12:05:00.000Z',
    DDBStreamBatchInfo: {
      shardId: 'shardId-00000001573689847184-864758bb',
      startSequenceNumber: '800000000003126276362',
      endSequenceNumber: '800000000003126276363',
      approximateArrivalOfFirstRecord: '2026-01-02T12:00:00Z',
      approximateArrivalOfLastRecord: '2026-01-02T12:00:07Z',
      batchSize: 2,
      streamArn: 'arn:aws:dynamodb:eu-central-1:000000000000:table/ledger/stream/2026-01-01T00:00:00.000',
      ...more,
    },
  });

describeWith(['ministack'], 'Dead letters in SQS', () => {
  let aws: Ministack;
  let client: SQSClient;
  let made = 0;
  beforeAll(async () => {
    aws = await startMinistack();
    client = new SQSClient(clientOf(aws));
  });
  afterAll(async () => {
    client?.destroy();
    await aws?.stop();
  });

  /** A queue of its own with these messages. */
  async function queueWith(...messages: readonly { readonly body: string; readonly schedule?: string }[]) {
    const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: `letters-${made++}` }));
    for (const { body, schedule } of messages) {
      const attribute = { DataType: 'String', StringValue: schedule };
      await client.send(
        new SendMessageCommand({
          QueueUrl,
          MessageBody: body,
          ...(schedule && { MessageAttributes: { SCHEDULE_ARN: attribute } }),
        }),
      );
    }
    return sqsLetters({ client, queueUrl: QueueUrl!, readers });
  }

  it('say which reader gave up, and of what time', async () => {
    const letters = await queueWith({ body: failedBatch('chancery-react') });
    expect(await letters.receive(10)).toEqual([
      {
        receipt: expect.any(String),
        kind: 'feed',
        reader: 'react',
        from: '2026-01-02T12:00:00.000Z',
        to: '2026-01-02T12:00:07.000Z',
      },
    ]);
  });

  it('say no time where none that can be read is there', async () => {
    const body = failedBatch('chancery-project', { approximateArrivalOfFirstRecord: 'soon' });
    const [letter] = await (await queueWith({ body })).receive(10);
    expect(letter).toMatchObject({ kind: 'feed', reader: 'project', to: '2026-01-02T12:00:07.000Z' });
    expect(letter!.from).toBeUndefined();
  });

  it('are hidden while they are worked off, and gone when they are removed', async () => {
    const letters = await queueWith({ body: failedBatch('chancery-react') }, { body: failedBatch('chancery-project') });
    const [first, ...more] = await letters.receive(10);
    const received = [first!, ...more, ...(more.length === 0 ? await letters.receive(10) : [])];
    expect(received.map(({ reader }) => reader).sort()).toEqual(['project', 'react']);
    expect(await letters.receive(10)).toEqual([]);
    for (const { receipt } of received) await letters.remove(receipt);
    expect(await letters.receive(10)).toEqual([]);
  });

  it('of the schedule are known by what it says beside them', async () => {
    const schedule = 'arn:aws:scheduler:eu-central-1:000000000000:schedule/default/chancery-scan';
    const [letter] = await (await queueWith({ body: '{}', schedule })).receive(10);
    expect(letter).toMatchObject({ kind: 'schedule' });
  });

  it.each([['no JSON'], ['null'], ['{"some":"thing"}'], [failedBatch('another-function')]])(
    'that nobody knows are said to be so: %s',
    async (body) => {
      const [letter] = await (await queueWith({ body })).receive(10);
      expect(letter).toEqual({ receipt: expect.any(String), kind: 'unknown' });
    },
  );
});
