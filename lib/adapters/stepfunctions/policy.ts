import type { PolicyStatement } from '../policyStatement.ts';

/** What a role needs to start executions of these machines, and to see whether one that has the name still runs. */
export function workflowsPolicy(machineArns: readonly string[], executionArns: readonly string[]): PolicyStatement[] {
  return [
    { Sid: 'StartExecutions', Effect: 'Allow', Action: ['states:StartExecution'], Resource: machineArns },
    { Sid: 'SeeExecutions', Effect: 'Allow', Action: ['states:DescribeExecution'], Resource: executionArns },
  ];
}
