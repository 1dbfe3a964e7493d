import type { PolicyStatement } from '../policyStatement.ts';

/** What a role needs to take letters out of the dead-letter queue. */
export const deadLettersPolicy = (queueArn: string): PolicyStatement[] => [
  {
    Sid: 'TakeDeadLetters',
    Effect: 'Allow',
    Action: ['sqs:DeleteMessage', 'sqs:ReceiveMessage'],
    Resource: [queueArn],
  },
];
