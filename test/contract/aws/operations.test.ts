import { readFileSync } from 'node:fs';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { emfLines } from '../../../lib/adapters/cloudwatch/emf.ts';
import { machineNames } from '../../../lib/stacks/constructs/machine.ts';
import { anchorOf } from '../../../lib/stacks/constructs/runbookAlarm.ts';
import { clientOf } from '../../support/aws.ts';
import { awsQuery, elementOf } from '../../support/awsQuery.ts';
import { eventually } from '../../support/core.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { type Ministack, startMinistack } from '../../support/peers/ministack.ts';
import { synthesizedTemplates } from '../../support/synthesized.ts';

const ACCOUNT = '000000000000';
const RUNBOOK = 'https://wiki.example.test/runbook';

interface Alarm {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly Metrics?: readonly { readonly MetricStat?: { readonly Metric: object; readonly Stat: string } }[];
}

/**
 * The operations stack as it is synthesized, with two substitutes. What it imports from the other stacks is the names of those exports: nothing here
 * asks functions. And of the alarm made by metric math, which the emulator does not know, one metric stands for the greater of two; both are tested
 * on the template.
 */
function operationsTemplate(region: string) {
  const templates = synthesizedTemplates({ account: ACCOUNT, region, removal: 'destroy', runbook: RUNBOOK });
  const path = templates.find((name) => name.includes('-operations.'))!;
  const template = JSON.parse(readFileSync(path, 'utf8'), (_, value) => value?.['Fn::ImportValue'] ?? value);
  // The version of the CDK's bootstrap, which nothing of this stack needs.
  delete template.Parameters;
  delete template.Rules;
  const alarms: Alarm[] = [];
  let math = 0;
  for (const { Type, Properties } of Object.values<{ Type: string; Properties: Alarm }>(template.Resources)) {
    if (Type !== 'AWS::CloudWatch::Alarm') continue;
    alarms.push(Properties);
    const { Metrics } = Properties;
    if (!Metrics) continue;
    math++;
    const { Metric, Stat } = Metrics.find((one) => one.MetricStat)!.MetricStat!;
    Object.assign(Properties, { ...Metric, Statistic: Stat, Period: 300, Metrics: undefined });
  }
  return { body: JSON.stringify(template), alarms, math };
}

/** The logs of the state machines, which the workflow stack has. */
const machineLogs = JSON.stringify({
  Resources: Object.fromEntries(
    machineNames.map((name) => [
      name,
      { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: `/chancery/chancery/${name}` } },
    ]),
  ),
});

describeWith(['ministack'], 'The operations stack, deployed to the emulator', () => {
  let aws: Ministack;
  let template: ReturnType<typeof operationsTemplate>;
  let sqs: SQSClient;
  let queue: string;

  /** The next message of the topic, as it comes to whoever is subscribed. */
  const message = (): Promise<Record<string, string>> =>
    eventually('a message of the alarms', async () => {
      const { Messages: [first] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queue }));
      if (!first) return false;
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: first.ReceiptHandle }));
      const { Subject, Message } = JSON.parse(first.Body!) as { Subject: string; Message: string };
      return { ...(JSON.parse(Message) as Record<string, string>), Subject };
    });
  const setState = (AlarmName: string, StateValue: 'ALARM' | 'OK') =>
    awsQuery(aws, 'monitoring', 'SetAlarmState', { AlarmName, StateValue, StateReason: 'a test' });

  const stack = async (StackName: string, TemplateBody: string) => {
    await awsQuery(aws, 'cloudformation', 'CreateStack', { StackName, TemplateBody });
    await eventually(`the stack ${StackName}`, async () => {
      const xml = await awsQuery(aws, 'cloudformation', 'DescribeStacks', { StackName });
      const status = elementOf(xml, 'StackStatus');
      if (status?.includes('FAILED') || status?.includes('ROLLBACK')) throw new Error(xml);
      return status === 'CREATE_COMPLETE';
    });
  };

  beforeAll(async () => {
    aws = await startMinistack();
    template = operationsTemplate(aws.region);
    await stack('logs', machineLogs);
    await stack('operations', template.body);
    sqs = new SQSClient(clientOf(aws));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'on-call' }));
    queue = QueueUrl!;
    await awsQuery(aws, 'sns', 'Subscribe', {
      TopicArn: `arn:aws:sns:${aws.region}:${ACCOUNT}:chancery-alarms`,
      Protocol: 'sqs',
      Endpoint: `arn:aws:sqs:${aws.region}:${ACCOUNT}:on-call`,
    });
  });
  afterAll(async () => {
    sqs?.destroy();
    await aws?.stop();
  });

  it('has every alarm of the template', async () => {
    const xml = await awsQuery(aws, 'monitoring', 'DescribeAlarms', {});
    const names = [...xml.matchAll(/<AlarmName>([^<]*)</g)].map(([, name]) => name).sort();
    expect(names).toEqual(template.alarms.map(({ AlarmName }) => AlarmName).sort());
    expect(names.length).toBeGreaterThan(14);
    expect(template.math).toBe(1);
  });

  it('tells of each alarm, when it begins and when it is over, what it means and where the runbook says what to do', async () => {
    for (const { AlarmName } of template.alarms) {
      for (const state of ['ALARM', 'OK'] as const) {
        await setState(AlarmName, state);
        const told = await message();
        expect(told).toMatchObject({ AlarmName, NewStateValue: state });
        expect(told.Subject).toContain(AlarmName);
        const [heading, link] = told.AlarmDescription!.split('. What to do: ');
        expect(link).toBe(`${RUNBOOK}#${anchorOf(heading!)}`);
      }
    }
  }, 120_000);

  it('tells nothing where nothing has changed', async () => {
    const [{ AlarmName }, other] = template.alarms as [Alarm, Alarm];
    await setState(AlarmName, 'OK');
    await setState(other.AlarmName, 'ALARM');
    expect((await message()).AlarmName).toBe(other.AlarmName);
    await setState(other.AlarmName, 'OK');
    await message();
  });

  it('takes the numbers that a scan writes to its log for what the alarms ask for', async () => {
    // The emulator makes no metrics of log lines: this reads the line as CloudWatch does.
    const [line] = emfLines('chancery', Date.now(), [{ metrics: { DaysToExpiry: 5, RenewalsOverdue: 0 } }]).split('\n');
    const { _aws, ...members } = JSON.parse(line!);
    const [{ Namespace, Dimensions, Metrics }] = _aws.CloudWatchMetrics;
    for (const { Name } of Metrics as { Name: string }[]) {
      await awsQuery(aws, 'monitoring', 'PutMetricData', {
        Namespace,
        'MetricData.member.1.MetricName': Name,
        'MetricData.member.1.Value': String(members[Name]),
        'MetricData.member.1.Dimensions.member.1.Name': Dimensions[0][0],
        'MetricData.member.1.Dimensions.member.1.Value': members[Dimensions[0][0]],
      });
    }
    await awsQuery(aws, 'monitoring', 'DescribeAlarms', {});
    const told = await message();
    expect(told).toMatchObject({ AlarmName: 'chancery-expiry-week', NewStateValue: 'ALARM' });
    expect(told.AlarmDescription).toContain(`${RUNBOOK}#a-certificate-expires-within-7-days`);
  });
});
