import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HistoryEventType } from '@aws-sdk/client-sfn';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { AwsSolutionsChecks } from 'cdk-nag';
import { beforeAll, describe, expect, it } from 'vitest';
import { ledgerTables, type TableRole } from '../../../lib/adapters/dynamodb/tables.ts';
import { installation } from '../../../lib/stacks/app.ts';
import { parseConfig } from '../../../lib/stacks/config.ts';
import { definitionOf, substitutionsOf } from '../../../lib/stacks/constructs/machine.ts';
import { anchorOf } from '../../../lib/stacks/constructs/runbookAlarm.ts';
import { functionNames } from '../../../lib/stacks/functions.ts';
import { wildcardReasons } from '../../../lib/stacks/permissions.ts';
import { repository } from '../../support/peers/paths.ts';
import { synthesizedTemplates } from '../../support/synthesized.ts';
import { tempDir } from '../../support/temp.ts';

interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: templates have any shape
  readonly Properties: any;
  readonly DeletionPolicy?: string;
}
interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

const list = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/** Synthesizes once, with code that is none: only the templates matter. */
function synthesized() {
  const outdir = tempDir('stacks');
  const code = join(outdir, 'code');
  mkdirSync(code);
  writeFileSync(join(code, 'index.mjs'), '');
  const app = new App({ outdir: join(outdir, 'out') });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const kms = { accountKeys: 'kms', caKeys: 'kms' };
  const config = parseConfig({ ...kms, alarmEmails: ['ops@example.com'], route53: { zones: ['Z0123456789ABC'] } });
  installation({ config, version: '1.2.3', codeOf: () => code }, app);
  const { stacks } = app.synth();
  const resources = stacks.flatMap(({ template }) => Object.entries(template.Resources as Record<string, Resource>));
  /** Ids of what a stack gives to others. */
  const exported = (stack: string): string[] => {
    const { template } = stacks.find(({ stackName }) => stackName === stack)!;
    const names = Object.keys(template.Outputs ?? {}).filter((name) => name.startsWith('Exports'));
    return [...new Set(names.map((name) => /^ExportsOutput(?:Ref|FnGetAtt)(\w+?)[0-9A-F]{8}/.exec(name)![1]!))].sort();
  };
  return { resources, exported };
}

/** An app with a topic that takes plain HTTP. */
function planted(): App {
  const app = new App({ outdir: join(tempDir('planted'), 'out') });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  new Topic(new Stack(app, 'planted'), 'Topic');
  return app;
}

let made: ReturnType<typeof synthesized>;
beforeAll(() => {
  made = synthesized();
});

const ofType = (type: string): Resource[] => made.resources.map(([, one]) => one).filter(({ Type }) => Type === type);
const idsOf = (type: string): string[] => made.resources.filter(([, { Type }]) => Type === type).map(([id]) => id);

/** What an alarm asks for: metrics, expressions apart. */
function metricsOf(alarm: string): object[] {
  const { Properties } = ofType('AWS::CloudWatch::Alarm').find(
    (one) => one.Properties.AlarmName === `chancery-${alarm}`,
  )!;
  const { Metrics, MetricName, Dimensions } = Properties;
  return Metrics ? Metrics.filter((one: { MetricStat?: object }) => one.MetricStat) : [{ MetricName, Dimensions }];
}

const statements = (): Statement[] =>
  ofType('AWS::IAM::Policy').flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[]);

describe('The stacks', () => {
  it('have no finding of cdk-nag (AwsSolutions) that is not explained: synthesis would have failed', () => {
    expect(made.resources.length).toBeGreaterThan(80);
    expect(() => planted().synth()).toThrow(/SNS3/);
  });

  it('have every function, on arm64 and Node 24, with a log that forgets', () => {
    const found = ofType('AWS::Lambda::Function').map(({ Properties }) => Properties);
    expect(found.map(({ FunctionName }) => FunctionName).sort()).toEqual(
      functionNames.map((name) => `chancery-${name}`).sort(),
    );
    expect(new Set(found.map(({ Runtime }) => Runtime))).toEqual(new Set(['nodejs24.x']));
    expect(new Set(found.flatMap(({ Architectures }) => Architectures))).toEqual(new Set(['arm64']));
    expect(found.filter(({ LoggingConfig }) => !LoggingConfig?.LogGroup)).toEqual([]);
    const logs = ofType('AWS::Logs::LogGroup').map(({ Properties }) => Properties);
    expect(logs.filter(({ RetentionInDays, KmsKeyId }) => RetentionInDays !== 90 || !KmsKeyId)).toEqual([]);
  });

  it('give one role to one function', () => {
    const roles = ofType('AWS::Lambda::Function').map(({ Properties }) => JSON.stringify(Properties.Role));
    expect(new Set(roles).size).toBe(functionNames.length);
  });

  it('give a role nothing but its own policies: none that AWS manages, and one each', () => {
    expect(ofType('AWS::IAM::Role').filter(({ Properties }) => Properties.ManagedPolicyArns)).toEqual([]);
    const owners = ofType('AWS::IAM::Policy').map(({ Properties }) => JSON.stringify(Properties.Roles));
    expect(new Set(owners).size).toBe(owners.length);
    expect(owners.length).toBe(idsOf('AWS::IAM::Role').length);
  });

  it('let a service act in a role only for this account, where the service says for whom', () => {
    const trusts = ofType('AWS::IAM::Role').map(({ Properties }) => Properties.AssumeRolePolicyDocument.Statement[0]);
    const others = trusts.filter(({ Principal }) => Principal.Service !== 'lambda.amazonaws.com');
    expect(others.map(({ Principal }) => Principal.Service).sort()).toEqual([
      'scheduler.amazonaws.com',
      'states.amazonaws.com',
      'states.amazonaws.com',
    ]);
    for (const { Condition } of others) expect(Condition.StringEquals).toHaveProperty('aws:SourceAccount');
  });

  it('have no wildcard in an action, and none in a resource without a written reason', () => {
    const actions = statements().flatMap(({ Action }) => list(Action));
    expect(actions.length).toBeGreaterThan(100);
    expect(actions.filter((action) => action.includes('*'))).toEqual([]);
    const wide = statements().filter(({ Resource }) => JSON.stringify(Resource).includes('*'));
    expect([...new Set(wide.map(({ Sid }) => Sid))].sort()).toEqual(Object.keys(wildcardReasons).sort());
  });

  it('make the tables as they are defined, and keep what must not be lost', () => {
    const tables = made.resources.filter(([, { Type }]) => Type === 'AWS::DynamoDB::Table');
    expect(tables.length).toBe(Object.keys(ledgerTables).length);
    for (const [role, definition] of Object.entries(ledgerTables)) {
      const [, table] = tables.find(([id]) => id.startsWith(role))!;
      const { Properties, DeletionPolicy } = table;
      const keys = [definition.partitionKey, ...(definition.sortKey ? [definition.sortKey] : [])];
      expect(Properties.KeySchema.map((key: { AttributeName: string }) => key.AttributeName)).toEqual(keys);
      expect((Properties.GlobalSecondaryIndexes ?? []).map((index: { IndexName: string }) => index.IndexName)).toEqual(
        definition.indexes.map(({ name }) => name),
      );
      expect(Properties.BillingMode).toBe('PAY_PER_REQUEST');
      expect(Properties.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled).toBe(true);
      expect(Properties.DeletionProtectionEnabled === true).toBe(definition.precious);
      expect(DeletionPolicy).toBe('Retain');
      expect(Properties.TimeToLiveSpecification?.AttributeName).toBe(definition.timeToLive);
      expect(Properties.StreamSpecification?.StreamViewType).toBe(definition.stream);
    }
  });

  it('encrypt each class of data by a key of its own, which rotates and stays', () => {
    const keyOf = (role: TableRole) => {
      const [, { Properties }] = made.resources.find(
        ([id, { Type }]) => Type === 'AWS::DynamoDB::Table' && id.startsWith(role),
      )!;
      return JSON.stringify(Properties.SSESpecification.KMSMasterKeyId);
    };
    expect(keyOf('views')).toBe(keyOf('ledger'));
    expect(keyOf('sealed')).not.toBe(keyOf('ledger'));
    const keys = ofType('AWS::KMS::Key');
    expect(keys.length).toBe(3);
    expect(
      keys.filter(({ Properties, DeletionPolicy }) => !Properties.EnableKeyRotation || DeletionPolicy !== 'Retain'),
    ).toEqual([]);
    expect(keys.map(({ Properties }) => Properties.RotationPeriodInDays)).toEqual([2560, 2560, 2560]);
  });

  it('read the feed with two readers, each bounded, with batch item failures, bisection and dead letters', () => {
    const readers = ofType('AWS::Lambda::EventSourceMapping').map(({ Properties }) => Properties);
    expect(readers.length).toBe(2);
    // Lambda takes no reader whose role may not do all four.
    const feed = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'].map((verb) => `dynamodb:${verb}`);
    for (const action of feed) expect(statements().filter((one) => list(one.Action).includes(action)).length).toBe(2);
    for (const reader of readers) {
      expect(reader).toMatchObject({
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        MaximumRetryAttempts: 10,
        MaximumRecordAgeInSeconds: 43_200,
        StartingPosition: 'TRIM_HORIZON',
        DestinationConfig: { OnFailure: { Destination: expect.anything() } },
      });
      expect(JSON.parse(reader.FilterCriteria.Filters[0].Pattern).dynamodb.Keys.item.S).toEqual([
        { prefix: 'commit#' },
      ]);
    }
  });

  it('start the scan every five minutes, straight', () => {
    const [schedule, ...more] = ofType('AWS::Scheduler::Schedule').map(({ Properties }) => Properties);
    expect(more).toEqual([]);
    expect(schedule).toMatchObject({
      ScheduleExpression: 'rate(5 minutes)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { DeadLetterConfig: expect.anything(), RetryPolicy: { MaximumRetryAttempts: 2 } },
    });
    expect(JSON.stringify(schedule.Target.Arn)).toContain('scan');
    // Lambda keeps calls that it cannot begin for six hours: those of a scan that was held would all come at once.
    expect(ofType('AWS::Lambda::EventInvokeConfig').map(({ Properties }) => Properties)).toEqual([
      {
        FunctionName: { Ref: expect.stringMatching(/^scanFunction/) },
        Qualifier: '$LATEST',
        MaximumEventAgeInSeconds: 300,
        MaximumRetryAttempts: 0,
      },
    ]);
  });

  it('run the ASL files as they are, with every handler filled in, standard, and logged without execution data', () => {
    const machines = ofType('AWS::StepFunctions::StateMachine').map(({ Properties }) => Properties);
    expect(machines.length).toBe(2);
    for (const name of ['issueCertificate', 'deliverSecret'] as const) {
      const machine = machines.find(({ StateMachineName }) => StateMachineName === `chancery-${name}`);
      expect(JSON.parse(machine.DefinitionString)).toEqual(JSON.parse(definitionOf(name)));
      expect(Object.keys(machine.DefinitionSubstitutions).sort()).toEqual(substitutionsOf(definitionOf(name)));
      for (const [key, arn] of Object.entries(machine.DefinitionSubstitutions)) {
        const step = key.replace('FunctionArn', '');
        expect(JSON.stringify(arn)).toContain(`${step[0]!.toLowerCase()}${step.slice(1)}Function`);
      }
      expect(machine.StateMachineType).toBe('STANDARD');
      expect(machine.LoggingConfiguration.IncludeExecutionData).toBe(false);
    }
  });

  it('give a step less time than its Task state waits', () => {
    const timeouts = new Map<string, number>(
      ofType('AWS::Lambda::Function').map(({ Properties }) => [Properties.FunctionName, Properties.Timeout]),
    );
    for (const name of ['issueCertificate', 'deliverSecret'] as const) {
      const { States } = JSON.parse(definitionOf(name)) as {
        States: Record<string, { Type: string; TimeoutSeconds: number }>;
      };
      for (const [state, { Type, TimeoutSeconds }] of Object.entries(States)) {
        if (Type !== 'Task') continue;
        expect(timeouts.get(`chancery-${state[0]!.toLowerCase()}${state.slice(1)}`)).toBeLessThan(TimeoutSeconds);
      }
    }
  });

  it('have alarms that tell people, each with a heading of the runbook', () => {
    const anchors = readFileSync(join(repository, 'docs/runbook.md'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('## '))
      .map((line) => anchorOf(line.slice(3)));
    const alarms = ofType('AWS::CloudWatch::Alarm').map(({ Properties }) => Properties);
    const named = alarms.map(({ AlarmDescription }) => /docs\/runbook\.md#(\S+)$/.exec(AlarmDescription)?.[1]);
    expect([...named].sort()).toEqual([...anchors].sort());
    expect(alarms.map(({ AlarmDescription }) => anchorOf(AlarmDescription.split('. What to do: ')[0]))).toEqual(named);
    expect(alarms.filter(({ AlarmActions, OKActions }) => !AlarmActions?.length || !OKActions?.length)).toEqual([]);
    const missing = alarms.filter(({ TreatMissingData }) => TreatMissingData === 'breaching');
    expect(missing.map(({ AlarmName }) => AlarmName)).toEqual(['chancery-scan-missing']);
  });

  it('have what the commands of the runbook and of the guides name', () => {
    const text = ['runbook', 'aws', 'aws-upkeep'].map((name) =>
      readFileSync(join(repository, `docs/${name}.md`), 'utf8'),
    );
    const named = (pattern: RegExp) => [...text.join('\n').matchAll(pattern)].map(([, name]) => name!);
    const functionsNamed = [
      ...named(/for f in ([\w ]+);/g).flatMap((names) => names.split(' ')),
      ...named(/--function-name (?:INSTANCE|chancery)-([a-z]\w*)/g),
    ];
    expect(functionsNamed.length).toBeGreaterThan(10);
    expect(functionsNamed.filter((name) => !(functionNames as string[]).includes(name))).toEqual([]);
    const resources = JSON.stringify(made.resources);
    const others = [...named(/\/chancery\/INSTANCE\/(\w+)/g).map((name) => `/chancery/chancery/${name}`)];
    others.push(...named(/--(?:queue-)?name INSTANCE-([a-z-]+)/g).map((name) => `chancery-${name}`));
    expect(others.length).toBeGreaterThan(8);
    expect(others.filter((name) => !resources.includes(`"${name}"`))).toEqual([]);
  });

  it('have the alarms that the service is watched by, and each function is told of by one', () => {
    const names = ofType('AWS::CloudWatch::Alarm').map(({ Properties }) => Properties.AlarmName);
    expect(names.sort()).toEqual(
      [
        'expiry-week',
        'expiry-now',
        'renewals-overdue',
        'issuances-failing',
        'ca-rate-limit',
        'deliveries-failing',
        'deliveries-late',
        'scan-missing',
        'scan-failing',
        'dead-letters',
        'feed-late',
        'step-errors',
        'throttles',
        'executions',
        'api-errors',
        'api-slow',
      ]
        .map((name) => `chancery-${name}`)
        .sort(),
    );
    const functionOf = (metric: object): string =>
      JSON.stringify(metric).match(/(?:ExportsOutputRef)?(\w+?)Function[0-9A-F]{8}/)![1]!;
    expect(metricsOf('feed-late').map(functionOf).sort()).toEqual(['project', 'react']);
  });

  it.each([
    ['step-errors', 'StepErrors', /^LambdaFunction\w*(Failed|TimedOut)$/],
    ['executions', 'ExecutionsEndedBadly', /^Execution(Failed|TimedOut)$/],
  ])('count for %s what Step Functions logs of both machines, by its words and all of them', (alarm, name, words) => {
    const filters = ofType('AWS::Logs::MetricFilter')
      .map(({ Properties }) => Properties)
      .filter(({ MetricTransformations: [{ MetricName }] }) => MetricName === name);
    expect(filters.map(({ LogGroupName }) => LogGroupName).sort()).toEqual([
      '/chancery/chancery/deliverSecret',
      '/chancery/chancery/issueCertificate',
    ]);
    const known = Object.values(HistoryEventType).filter((type) => words.test(type));
    expect(known.length).toBeGreaterThan(1);
    for (const { FilterPattern, MetricTransformations } of filters) {
      const types = [...FilterPattern.matchAll(/\(\$\.type = "(\w+)"\)/g)].map(([, type]) => type);
      expect(FilterPattern).toBe(`{ ${types.map((type) => `($.type = "${type}")`).join(' || ')} }`);
      expect(types.sort()).toEqual(known.sort());
      expect(MetricTransformations).toEqual([
        { MetricNamespace: 'Chancery/chancery', MetricName: name, MetricValue: '1' },
      ]);
    }
    const { Properties } = ofType('AWS::CloudWatch::Alarm').find(
      (one) => one.Properties.AlarmName === `chancery-${alarm}`,
    )!;
    expect(Properties).toMatchObject({ Namespace: 'Chancery/chancery', MetricName: name, Statistic: 'Sum' });
  });

  it('know of each other only what no release takes away: CloudFormation keeps what another stack imports', () => {
    expect(made.exported('chancery-workflow')).toEqual(['Bus', 'DeadLetters', 'projectFunction', 'reactFunction']);
    expect(made.exported('chancery-api')).toEqual(['Api', 'apiFunction']);
    expect(made.exported('chancery-operations')).toEqual([]);
  });

  it('show what is watched on a dashboard, and each team and issuer that has numbers', () => {
    const [dashboard] = ofType('AWS::CloudWatch::Dashboard');
    const body = JSON.stringify(dashboard!.Properties.DashboardBody);
    for (const { Properties } of ofType('AWS::CloudWatch::Alarm'))
      expect(body).toContain(Properties.AlarmDescription.split('. What to do: ')[0]);
    for (const dimension of ['Team', 'Issuer']) expect(body).toContain(`{Chancery,Instance,${dimension}}`);
    for (const outcome of ['Issued', 'Renewed', 'IssuancesFailed', 'Delivered', 'DeliveriesFailed'])
      expect(body).toContain(outcome);
  });

  it('have no dashboard where the configuration wants none', () => {
    const texts = synthesizedTemplates({ dashboard: false }).map((file) => readFileSync(file, 'utf8'));
    expect(texts.join()).toContain('AWS::CloudWatch::Alarm');
    expect(texts.join()).not.toContain('AWS::CloudWatch::Dashboard');
  });

  it('give the API a name of its own where the configuration has one, and say where its record is to point to', () => {
    const certificateArn = 'arn:aws:acm:eu-central-1:123456789012:certificate/6fa2d0a4-0000';
    const file = synthesizedTemplates({ domain: { name: 'chancery.example.com', certificateArn } }).find((path) =>
      path.includes('-api.'),
    )!;
    const { Resources, Outputs } = JSON.parse(readFileSync(file, 'utf8'));
    const types = Object.values<Resource>(Resources);
    const [domain] = types.filter(({ Type }) => Type === 'AWS::ApiGatewayV2::DomainName');
    expect(domain!.Properties).toMatchObject({
      DomainName: 'chancery.example.com',
      DomainNameConfigurations: [{ CertificateArn: certificateArn, EndpointType: 'REGIONAL' }],
    });
    const [mapping] = types.filter(({ Type }) => Type === 'AWS::ApiGatewayV2::ApiMapping');
    expect(mapping!.Properties).toMatchObject({
      DomainName: { Ref: expect.stringMatching(/^Domain/) },
      Stage: '$default',
    });
    expect(Outputs.Url.Value).toBe('https://chancery.example.com');
    expect(JSON.stringify(Outputs.DomainTarget.Value)).toContain('RegionalDomainName');
    expect(idsOf('AWS::ApiGatewayV2::DomainName')).toEqual([]);
  });

  it('pay for few metrics: alarms are made of seventeen in all', () => {
    const counts = ofType('AWS::CloudWatch::Alarm').map(
      ({ Properties }) => metricsOf(Properties.AlarmName.slice(9)).length,
    );
    expect(counts.reduce((sum, count) => sum + count)).toBe(17);
  });

  it('tell of alarms through a topic that takes them from this account alone, encrypted by the key of the logs', () => {
    const topic = ofType('AWS::SNS::Topic').find(({ Properties }) => Properties.TopicName === 'chancery-alarms')!;
    expect(JSON.stringify(topic.Properties.KmsMasterKeyId)).toContain('logsKey');
    const [logs] = made.resources.filter(([id, { Type }]) => Type === 'AWS::KMS::Key' && id.startsWith('logsKey'));
    const alarms = logs![1].Properties.KeyPolicy.Statement.find(
      ({ Sid }: Statement) => Sid === 'AlarmsOfThisInstallation',
    );
    expect(alarms.Principal).toEqual({ Service: 'cloudwatch.amazonaws.com' });
    expect(JSON.stringify(alarms.Condition)).toContain(':chancery-alarms');
    const policies = ofType('AWS::SNS::TopicPolicy').flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
    expect(policies.filter(({ Sid }) => Sid === 'AlarmsOfThisAccount')).toMatchObject([
      { Action: 'sns:Publish', Condition: { StringEquals: { 'aws:SourceAccount': expect.anything() } } },
    ]);
  });

  it('hand functions names and decisions, and no secret', () => {
    const names = ofType('AWS::Lambda::Function').flatMap(({ Properties }) =>
      Object.keys(Properties.Environment?.Variables ?? {}),
    );
    expect(new Set(names)).toEqual(
      new Set([
        'INSTANCE',
        'CHANCERY_VERSION',
        'LEDGER_TABLE',
        'VIEWS_TABLE',
        'SEALED_TABLE',
        'CHALLENGES_TABLE',
        'VAULT_KEY',
        'ISSUE_MACHINE',
        'DELIVER_MACHINE',
        'DEAD_LETTERS',
        'PROJECT_FUNCTION',
        'REACT_FUNCTION',
        'BUS',
        'ACCOUNT_KEYS',
        'CA_KEYS',
      ]),
    );
  });

  it('open nothing to the public but the API', () => {
    const types = new Set(made.resources.map(([, { Type }]) => Type));
    expect(types).not.toContain('AWS::S3::Bucket');
    expect(types).not.toContain('AWS::Lambda::Url');
    const callers = ofType('AWS::Lambda::Permission').map(({ Properties }) => Properties);
    expect(
      callers.filter(({ Principal, SourceArn }) => Principal !== 'apigateway.amazonaws.com' || !SourceArn),
    ).toEqual([]);
    const [stage] = ofType('AWS::ApiGatewayV2::Stage').map(({ Properties }) => Properties);
    // Without metrics of each route, which cost and which nothing asks for.
    expect(stage.DefaultRouteSettings).toEqual({ ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 });
    expect(stage.AccessLogSettings.Format).not.toMatch(/header|authori[sz]|query/i);
  });

  it('mark everything that can be marked with the installation', () => {
    const tables = ofType('AWS::DynamoDB::Table').map(({ Properties }) => Properties.Tags);
    for (const tags of tables) expect(tags).toContainEqual({ Key: 'chancery:instance', Value: 'chancery' });
  });
});
