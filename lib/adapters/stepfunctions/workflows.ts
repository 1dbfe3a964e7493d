import { DescribeExecutionCommand, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Workflows } from '../../ports/workflows.ts';

type Machine = Parameters<Workflows['start']>[0];

/** The ARN of each state machine. All are standard workflows: only those remember a name. */
export type MachineArns = Readonly<Record<Machine, string>>;

/**
 * Executions of Step Functions. A name stays known for 90 days after its execution ended, and a start with it is refused unless the
 * execution runs and has the same input: then the answer is the same as that of the first start.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
 */
export function stepfunctionsWorkflows(client: Pick<SFNClient, 'send'>, arns: MachineArns): Workflows {
  return {
    async start(machine, name, input) {
      const begun = Date.now();
      try {
        const start = new StartExecutionCommand({ stateMachineArn: arns[machine], name, input: JSON.stringify(input) });
        const { startDate } = await client.send(start);
        return startedBefore(begun, startDate) ? 'running' : 'started';
      } catch (error) {
        if ((error as Error).name !== 'ExecutionAlreadyExists') throw error;
      }
      const { status } = await client.send(
        new DescribeExecutionCommand({ executionArn: executionArn(arns[machine], name) }),
      );
      return status === 'RUNNING' || status === 'PENDING_REDRIVE' ? 'running' : 'ended';
    },
  };
}

/** Milliseconds by which two clocks may differ. Beyond that, an execution that began earlier is one that was there. */
const CLOCKS = 5000;

const startedBefore = (begun: number, startDate: Date | undefined): boolean =>
  startDate !== undefined && startDate.getTime() < begun - CLOCKS;

/** `arn:aws:states:R:A:stateMachine:M` and a name make `arn:aws:states:R:A:execution:M:NAME`. */
const executionArn = (machineArn: string, name: string): string =>
  `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
