import { createHash } from 'node:crypto';
import { DescribeExecutionCommand, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Workflows } from '../../ports/workflows.ts';

type Machine = Parameters<Workflows['start']>[0];

/** The ARN of each state machine. All are standard workflows: only those remember a name. */
export type MachineArns = Readonly<Record<Machine, string>>;

export interface WorkflowsOptions {
  /**
   * Names the past that the ledger was restored to. Runs that it forgot were executed, and their names are still known: after a restore other
   * names count. 71 characters of a name are left then.
   */
  readonly past?: string;
}

/**
 * Executions of Step Functions. A name stays known for 90 days after its execution ended, and a start with it is refused unless the
 * execution runs and has the same input: then the answer is the same as that of the first start.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
 */
export function stepfunctionsWorkflows(
  client: Pick<SFNClient, 'send'>,
  arns: MachineArns,
  { past }: WorkflowsOptions = {},
): Workflows {
  return {
    async start(machine, run, input) {
      const name = nameAfter(run, past);
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

/** What an execution is called, by its run and the past that the ledger was restored to, if it was. */
export const nameAfter = (run: string, past: string | undefined): string =>
  past === undefined ? run : `${run}-${createHash('sha256').update(past).digest('hex').slice(0, 8)}`;

/** Milliseconds by which two clocks may differ. Beyond that, an execution that began earlier is one that was there. */
const CLOCKS = 5000;

const startedBefore = (begun: number, startDate: Date | undefined): boolean =>
  startDate !== undefined && startDate.getTime() < begun - CLOCKS;

/** `arn:aws:states:R:A:stateMachine:M` and a name make `arn:aws:states:R:A:execution:M:NAME`. */
const executionArn = (machineArn: string, name: string): string =>
  `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
