import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { commitRecords } from '../adapters/dynamodb/tables.ts';
import { acknowledge } from './constructs/acknowledge.ts';
import { Handler } from './constructs/handler.ts';
import type { House } from './constructs/house.ts';
import { Machine } from './constructs/machine.ts';
import { policyOf } from './constructs/policy.ts';
import type { DataStack } from './data.ts';
import { arnsOf, environmentOf } from './environment.ts';
import type { ApiFunction, FunctionName } from './functions.ts';
import { allow } from './permissions.ts';

/** Minutes between scans of the due index. */
const SCAN_EVERY = 5;

/** Hours that a record of the feed may wait. The stream keeps it for 24; the scan finds what is given up. */
const LONGEST_WAIT = 12;

/** Tries of a batch after the first. With bisection, what cannot be handled is soon alone. */
const RETRIES = 10;

/** What goes on by itself: steps and machines, the readers of the feed, the scan. */
export class WorkflowStack extends Stack {
  readonly handlers: Readonly<Record<Exclude<FunctionName, ApiFunction>, Handler>>;
  readonly machines: readonly Machine[];
  readonly deadLetters: Queue;
  /** Where the world outside is told of certificates. */
  readonly bus: EventBus;

  constructor(
    scope: Construct,
    id: string,
    { house, data, ...props }: StackProps & { readonly house: House; readonly data: DataStack },
  ) {
    super(scope, id, props);
    this.addStackDependency(data);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      queueName: `${house.config.instance}-dead-letters`,
      retentionPeriod: Duration.days(14),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    acknowledge(this.deadLetters, 'this is the dead-letter queue; an alarm tells of what is in it', 'SQS3');

    this.bus = new EventBus(this, 'Bus', {
      eventBusName: house.config.instance,
      description: 'what happens to certificates, for whoever listens',
    });

    const environment = environmentOf(house, data);
    const arns = {
      ...arnsOf(this, house, data),
      ledgerStream: data.tables.ledger.tableStreamArn!,
      deadLetters: this.deadLetters.queueArn,
      bus: this.bus.eventBusArn,
    };
    const handler = (name: FunctionName, more: { arns?: object; environment?: Record<string, string> } = {}): Handler =>
      new Handler(this, name, {
        house,
        name,
        arns: { ...arns, ...more.arns },
        environment: { ...environment, ...more.environment },
        logKey: data.keys.logs,
      });

    const steps = {
      order: handler('order'),
      challenge: handler('challenge'),
      finalize: handler('finalize'),
      store: handler('store'),
      recordFailure: handler('recordFailure'),
      cleanUp: handler('cleanUp'),
      push: handler('push'),
      recordPushFailure: handler('recordPushFailure'),
    };
    const machine = (name: 'issueCertificate' | 'deliverSecret', handlers: Record<string, Handler>): Machine =>
      new Machine(this, name, {
        house,
        machine: name,
        handlers: Object.fromEntries(Object.entries(handlers).map(([state, { function: f }]) => [state, f])),
        logKey: data.keys.logs,
      });
    const issue = machine('issueCertificate', {
      Order: steps.order,
      Challenge: steps.challenge,
      Finalize: steps.finalize,
      Store: steps.store,
      RecordFailure: steps.recordFailure,
      CleanUp: steps.cleanUp,
    });
    const deliver = machine('deliverSecret', { Push: steps.push, RecordPushFailure: steps.recordPushFailure });
    this.machines = [issue, deliver];

    const starting = {
      arns: {
        machines: this.machines.map(({ arn }) => arn),
        executions: this.machines.map(({ executions }) => executions),
      },
      environment: { ISSUE_MACHINE: issue.arn, DELIVER_MACHINE: deliver.arn },
    };
    const project = handler('project');
    const react = handler('react', {
      ...starting,
      environment: { ...starting.environment, BUS: this.bus.eventBusName },
    });
    const scan = handler('scan', starting);
    this.handlers = { ...steps, project, react, scan };
    this.#follow(project, data, 100);
    this.#follow(react, data, 25);
    this.#schedule(scan, house);
  }

  /** A reader of the feed. Streams of the ledger have at most two. */
  #follow({ function: reader, role }: Handler, { tables }: DataStack, batchSize: number): void {
    const mapping = new CfnEventSourceMapping(reader, 'Feed', {
      functionName: reader.functionName,
      eventSourceArn: tables.ledger.tableStreamArn!,
      startingPosition: 'TRIM_HORIZON',
      batchSize,
      maximumBatchingWindowInSeconds: 0,
      parallelizationFactor: 4,
      bisectBatchOnFunctionError: true,
      maximumRetryAttempts: RETRIES,
      maximumRecordAgeInSeconds: LONGEST_WAIT * 3600,
      functionResponseTypes: ['ReportBatchItemFailures'],
      filterCriteria: { filters: [{ pattern: JSON.stringify(commitRecords) }] },
      destinationConfig: { onFailure: { destination: this.deadLetters.queueArn } },
    });
    mapping.node.addDependency(role);
  }

  #schedule({ function: scan }: Handler, { config }: House): void {
    const role = new Role(this, 'ScheduleRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
      description: `${config.instance}: starts the scan`,
    });
    const policy = policyOf(
      this,
      role,
      [
        allow('StartScan', ['lambda:InvokeFunction'], [scan.functionArn]),
        allow('DeadLetters', ['sqs:SendMessage'], [this.deadLetters.queueArn]),
      ],
      'SchedulePolicy',
    );
    // Scheduler hands the call over and does not wait: what Lambda could not begin in time, and what failed, is the next scan's.
    scan.configureAsyncInvoke({ maxEventAge: Duration.minutes(SCAN_EVERY), retryAttempts: 0 });
    const schedule = new CfnSchedule(this, 'Schedule', {
      name: `${config.instance}-scan`,
      description: 'everything that is due: renewals and repairs alike',
      scheduleExpression: `rate(${SCAN_EVERY} minutes)`,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: scan.functionArn,
        roleArn: role.roleArn,
        // The next scan finds what this one would have.
        retryPolicy: { maximumRetryAttempts: 2, maximumEventAgeInSeconds: SCAN_EVERY * 60 },
        deadLetterConfig: { arn: this.deadLetters.queueArn },
      },
    });
    schedule.node.addDependency(policy);
  }
}
