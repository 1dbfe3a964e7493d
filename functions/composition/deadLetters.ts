import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { lambdaReaders } from '../../lib/adapters/lambda/readers.ts';
import { sqsLetters } from '../../lib/adapters/sqs/letters.ts';
import type { DeadLetters } from '../../lib/ports/deadLetters.ts';
import { variable } from './environment.ts';

const readers = { project: variable('PROJECT_FUNCTION'), react: variable('REACT_FUNCTION') };

export const deadLetters: DeadLetters = {
  ...sqsLetters({ client: new SQSClient(), queueUrl: variable('DEAD_LETTERS'), readers }),
  ...lambdaReaders({ client: new LambdaClient(), readers }),
};
