import type { SFNClient } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { stepfunctionsWorkflows } from '../../../lib/adapters/stepfunctions/workflows.ts';
import { scriptedClient, serviceError } from '../../support/aws.ts';

const arn = (kind: string, name: string) => `arn:aws:states:eu-central-1:000000000000:${kind}:${name}`;
const machines = { issueCertificate: arn('stateMachine', 'issue'), deliverSecret: arn('stateMachine', 'deliver') };

function scripted(...script: readonly (object | Error)[]) {
  const { client, sent } = scriptedClient<SFNClient>(script);
  return { workflows: stepfunctionsWorkflows(client, machines), sent };
}

const exists = serviceError('ExecutionAlreadyExists');

describe('Workflows on Step Functions', () => {
  it('start an execution by its name, with the input as JSON', async () => {
    const { workflows, sent } = scripted({ startDate: new Date() });
    expect(await workflows.start('issueCertificate', 'n-1', { issuance: 'issuance/u/1', run: 1 })).toBe('started');
    expect(sent).toEqual([
      {
        command: 'StartExecutionCommand',
        input: {
          stateMachineArn: machines.issueCertificate,
          name: 'n-1',
          input: '{"issuance":"issuance/u/1","run":1}',
        },
      },
    ]);
  });

  it('know by its start an execution that ran before, since the same start is answered as the first was', async () => {
    const { workflows } = scripted({ startDate: new Date(Date.now() - 60_000) });
    expect(await workflows.start('deliverSecret', 'n-1', {})).toBe('running');
  });

  it.each([
    ['RUNNING', 'running'],
    ['SUCCEEDED', 'ended'],
    ['FAILED', 'ended'],
    ['TIMED_OUT', 'ended'],
    ['ABORTED', 'ended'],
  ])('ask about a name that is taken: %s is %s', async (status, answer) => {
    const { workflows, sent } = scripted(exists, { status });
    expect(await workflows.start('deliverSecret', 'n-1', {})).toBe(answer);
    expect(sent[1]).toEqual({
      command: 'DescribeExecutionCommand',
      input: { executionArn: arn('execution', 'deliver:n-1') },
    });
  });

  it('throw what else Step Functions says', async () => {
    const { workflows } = scripted(serviceError('ExecutionLimitExceeded'));
    await expect(workflows.start('deliverSecret', 'n-1', {})).rejects.toMatchObject({ name: 'ExecutionLimitExceeded' });
  });

  it('have other names after the ledger was restored: what it forgot was executed, and its names are taken', async () => {
    const { client, sent } = scriptedClient<SFNClient>([{ startDate: new Date() }, { startDate: new Date() }]);
    for (const past of ['restored-1', 'restored-2'])
      await stepfunctionsWorkflows(client, machines, { past }).start('issueCertificate', 'n-1', {});
    const names = sent.map(({ input }) => input.name as string);
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^n-1-[0-9a-f]{8}$/);
  });
});
