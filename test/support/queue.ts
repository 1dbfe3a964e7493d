import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { clientOf } from './aws.ts';

/** A queue of the emulator, for tests that want to see what was sent. */
export interface Queue {
  readonly arn: string;
  /** The bodies of all messages that came so far. */
  bodies(): Promise<readonly string[]>;
}

/** Makes a queue. */
export async function makeQueue(aws: Parameters<typeof clientOf>[0], QueueName: string): Promise<Queue> {
  const sqs = new SQSClient(clientOf(aws));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  const seen: string[] = [];
  return {
    arn: Attributes!.QueueArn!,
    async bodies() {
      for (;;) {
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
        for (const { Body, ReceiptHandle } of Messages) {
          seen.push(Body!);
          await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        }
        if (Messages.length === 0) return seen;
      }
    },
  };
}
