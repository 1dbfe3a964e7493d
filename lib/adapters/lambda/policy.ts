import type { PolicyStatement } from '../policyStatement.ts';

/** What a role needs to hand commits to the feed's readers. */
export const readersPolicy = (functionArns: readonly string[]): PolicyStatement[] => [
  { Sid: 'CallReaders', Effect: 'Allow', Action: ['lambda:InvokeFunction'], Resource: functionArns },
];
