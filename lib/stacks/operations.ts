import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import {
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import type { ApiStack } from './api.ts';
import { type House, removalOf } from './constructs/house.ts';
import { runbookAlarm } from './constructs/runbookAlarm.ts';
import type { DataStack } from './data.ts';
import type { WorkflowStack } from './workflow.ts';

interface OperationsProps extends StackProps {
  readonly house: House;
  readonly data: DataStack;
  readonly workflow: WorkflowStack;
  readonly api: ApiStack;
}

type Watched = { readonly heading: string; readonly metric: IMetric } & (
  | { readonly from: number }
  | { readonly below: number }
) & { readonly periods?: number; readonly missingIsBad?: boolean };

const EVERY = Duration.minutes(5);

/** What people are told and shown. */
export class OperationsStack extends Stack {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, { house, data, workflow, api, ...props }: OperationsProps) {
    super(scope, id, props);
    this.topic = this.#topic(house);
    const watched = watchedBy(house, workflow, api);
    for (const [name, { heading, metric, periods = 1, missingIsBad, ...limit }] of Object.entries(watched)) {
      runbookAlarm(this, name, house, this.topic, {
        heading,
        metric,
        evaluationPeriods: periods,
        ...('from' in limit
          ? { threshold: limit.from, comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD }
          : { threshold: limit.below, comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD }),
        treatMissingData: missingIsBad ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      });
    }
    const dashboard = new Dashboard(this, 'Dashboard', { dashboardName: house.config.instance });
    const graphs = Object.values(watched).map(
      ({ heading, metric }) => new GraphWidget({ title: heading, left: [metric], width: 8, period: EVERY }),
    );
    dashboard.addWidgets(...graphs);
  }

  /** Alarms may publish on it; nothing that is said there is secret, but it is encrypted like all else. */
  #topic(house: House): Topic {
    const alarms = new ServicePrincipal('cloudwatch.amazonaws.com');
    const ours = { StringEquals: { 'aws:SourceAccount': this.account } };
    const key = new Key(this, 'AlarmsKey', {
      description: `${house.config.instance}: messages of alarms`,
      enableKeyRotation: true,
      removalPolicy: removalOf(house),
    });
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals: [alarms],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: ours,
      }),
    );
    const topic = new Topic(this, 'Alarms', {
      topicName: `${house.config.instance}-alarms`,
      masterKey: key,
      enforceSSL: true,
    });
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals: [alarms],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: ours,
      }),
    );
    for (const address of house.config.alarmEmails) topic.addSubscription(new EmailSubscription(address));
    return topic;
  }
}

/** What is watched: the alarms and the graphs are one list. Headings are those of docs/runbook.md. */
function watchedBy({ config }: House, workflow: WorkflowStack, { api, handlers }: ApiStack): Record<string, Watched> {
  const own = (metricName: string, statistic = 'Maximum'): Metric =>
    new Metric({
      namespace: 'Chancery',
      metricName,
      statistic,
      period: EVERY,
      dimensionsMap: { Instance: config.instance },
    });
  const sum = (label: string, metrics: readonly IMetric[]): MathExpression => {
    // Where nothing happened there is no number.
    const named = metrics.map((metric, index) => [`m${index}`, metric] as const);
    const expression = named.map(([name]) => `FILL(${name}, 0)`).join('+');
    return new MathExpression({ expression, usingMetrics: Object.fromEntries(named), label, period: EVERY });
  };
  const { project, react, scan, ...steps } = workflow.handlers;
  const running = [...Object.values(steps), project, react, scan].map(({ function: one }) => one);
  const ofMachines = (metricName: string): Metric[] =>
    workflow.machines.map(
      ({ arn }) =>
        new Metric({
          namespace: 'AWS/States',
          metricName,
          statistic: 'Sum',
          period: EVERY,
          dimensionsMap: { StateMachineArn: arn },
        }),
    );
  const age = (one: typeof project) => one.function.metric('IteratorAge', { statistic: 'Maximum', period: EVERY });
  return {
    'expiry-week': {
      heading: 'A certificate expires within 7 days',
      metric: own('DaysToExpiry', 'Minimum'),
      below: 7,
    },
    'expiry-now': {
      heading: 'A certificate expires within 3 days',
      metric: own('DaysToExpiry', 'Minimum'),
      below: 3,
    },
    'renewals-overdue': { heading: 'Renewals are overdue', metric: own('RenewalsOverdue'), from: 1, periods: 3 },
    'issuances-failing': { heading: 'Issuances fail', metric: own('IssuancesFailing'), from: 1, periods: 6 },
    'deliveries-failing': { heading: 'Deliveries fail', metric: own('DeliveriesFailing'), from: 1, periods: 6 },
    'scan-missing': {
      heading: 'The scan has not run',
      metric: own('Scans', 'Sum'),
      below: 1,
      periods: 3,
      missingIsBad: true,
    },
    'scan-failing': { heading: 'The scan cannot pursue a stream', metric: own('StreamsFailed'), from: 1, periods: 6 },
    'dead-letters': {
      heading: 'There are dead letters',
      metric: workflow.deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: EVERY }),
      from: 1,
    },
    'feed-late': {
      heading: 'The feed is late',
      metric: new MathExpression({
        expression: 'MAX([FILL(project, 0), FILL(react, 0)])',
        usingMetrics: { project: age(project), react: age(react) },
        label: 'milliseconds that the oldest commit waits',
        period: EVERY,
      }),
      from: 300_000,
      periods: 2,
    },
    'step-errors': {
      heading: 'Functions fail',
      metric: sum(
        'errors',
        running.slice(0, 10).map((one) => one.metricErrors({ period: EVERY })),
      ),
      from: 5,
      periods: 2,
    },
    throttles: {
      heading: 'Functions are throttled',
      metric: sum(
        'throttles',
        running.slice(0, 10).map((one) => one.metricThrottles({ period: EVERY })),
      ),
      from: 1,
      periods: 3,
    },
    executions: {
      heading: 'Executions end badly',
      metric: sum('executions', ['ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionsAborted'].flatMap(ofMachines)),
      from: 1,
    },
    'api-errors': {
      heading: 'The API answers 5xx',
      metric: api.metricServerError({ statistic: 'Sum', period: EVERY }),
      from: 5,
      periods: 2,
    },
    'api-slow': {
      heading: 'The API is slow',
      metric: handlers.api.function.metricDuration({ statistic: 'p90', period: EVERY }),
      from: 10_000,
      periods: 3,
    },
  };
}
