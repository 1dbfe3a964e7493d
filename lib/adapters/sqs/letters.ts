import { DeleteMessageCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { instant } from '../../domain/time.ts';
import type { DeadLetter, DeadLetters, Reader } from '../../ports/deadLetters.ts';

/** Seconds that a letter is hidden from others. */
const HIDDEN = 900;

export interface LetterOptions {
  readonly client: Pick<SQSClient, 'send'>;
  readonly queueUrl: string;
  /** Names of the functions that read the feed. */
  readonly readers: Readonly<Record<Reader, string>>;
}

/** The dead letters of the feed's readers and of the schedule, in one queue. */
export function sqsLetters({ client, queueUrl, readers }: LetterOptions): Pick<DeadLetters, 'receive' | 'remove'> {
  return {
    async receive(limit) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: queueUrl,
          MaxNumberOfMessages: limit,
          VisibilityTimeout: HIDDEN,
          MessageAttributeNames: ['All'],
          // A long poll asks all servers of the queue; a short one may miss what is there.
          WaitTimeSeconds: 1,
        }),
      );
      return Messages.map((message) => letterOf(message, readers));
    },
    async remove(receipt) {
      await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receipt }));
    },
  };
}

/**
 * What a batch that was given up says of itself, without its records.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
interface FailedBatch {
  readonly requestContext?: { readonly functionArn?: string };
  readonly DDBStreamBatchInfo?: {
    readonly approximateArrivalOfFirstRecord?: string;
    readonly approximateArrivalOfLastRecord?: string;
  };
}

function letterOf({ Body = '', ReceiptHandle, MessageAttributes = {} }: Message, readers: LetterOptions['readers']) {
  const receipt = ReceiptHandle!;
  // https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
  if (MessageAttributes.SCHEDULE_ARN) return { receipt, kind: 'schedule' } as const;
  const { requestContext, DDBStreamBatchInfo: batch } = parsed(Body);
  const name = requestContext?.functionArn?.split(':')[6];
  const reader = (Object.keys(readers) as Reader[]).find((one) => readers[one] === name);
  if (!batch || !reader) return { receipt, kind: 'unknown' } as const;
  const letter: DeadLetter = {
    receipt,
    kind: 'feed',
    reader,
    from: timeOf(batch.approximateArrivalOfFirstRecord),
    to: timeOf(batch.approximateArrivalOfLastRecord),
  };
  return letter;
}

function parsed(body: string): FailedBatch {
  try {
    return (JSON.parse(body) as FailedBatch | null) ?? {};
  } catch {
    return {};
  }
}

function timeOf(text: string | undefined): string | undefined {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? undefined : instant(at);
}
