import { Stack, type StackProps } from 'aws-cdk-lib';
import {
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import type { ApiStack } from './api.ts';
import { alarmsTopic, type House } from './constructs/house.ts';
import { runbookAlarm } from './constructs/runbookAlarm.ts';
import type { DataStack } from './data.ts';
import { EVERY, own, type Watched, watchedBy } from './watched.ts';
import type { WorkflowStack } from './workflow.ts';

interface OperationsProps extends StackProps {
  readonly house: House;
  readonly data: DataStack;
  readonly workflow: WorkflowStack;
  readonly api: ApiStack;
}

/** What people are told and shown. */
export class OperationsStack extends Stack {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, { house, data, workflow, api, ...props }: OperationsProps) {
    super(scope, id, props);
    this.addStackDependency(workflow);
    this.topic = this.#topic(house, data);
    const watched = watchedBy({ stack: this, house, workflow, api });
    for (const [name, one] of Object.entries(watched)) this.#alarm(name, house, one);
    if (house.config.dashboard) this.#dashboard(house, Object.values(watched));
  }

  #dashboard(house: House, watched: readonly Watched[]): void {
    const dashboard = new Dashboard(this, 'Dashboard', { dashboardName: house.config.instance });
    const graph = (title: string, ...left: IMetric[]): GraphWidget =>
      new GraphWidget({ title, left, width: 8, period: EVERY });
    dashboard.addWidgets(...watched.map(({ heading, metric }) => graph(heading, metric)));
    dashboard.addWidgets(
      graph(
        'Deliveries that ended, and copies that drifted',
        ...['Delivered', 'DeliveriesFailed', 'Drifted'].map((outcome) => own(house, outcome, 'Sum')),
      ),
      ...Object.entries(DETAILS).map(([title, [dimension, name]]) =>
        graph(title, each(house, dimension, name, STATISTIC[name] ?? 'Maximum')),
      ),
    );
  }

  #alarm(name: string, house: House, { heading, metric, periods = 1, missingIsBad, ...limit }: Watched): void {
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

  /** Alarms may publish on it. Nothing that is said there is secret, but it is encrypted like all else: by the key of the logs, which say the same. */
  #topic(house: House, data: DataStack): Topic {
    const topic = new Topic(this, 'Alarms', {
      topicName: alarmsTopic(house),
      masterKey: data.keys.logs,
      enforceSSL: true,
    });
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    );
    for (const address of house.config.alarmEmails) topic.addSubscription(new EmailSubscription(address));
    return topic;
  }
}

/** Graphs of every issuer and every team that has such a number: which of them it is about, which number. */
const DETAILS: Readonly<Record<string, readonly ['Issuer' | 'Team', string]>> = {
  'Certificates issued, by issuer': ['Issuer', 'Issued'],
  'Certificates renewed, by issuer': ['Issuer', 'Renewed'],
  'Issuances that failed, by issuer': ['Issuer', 'IssuancesFailed'],
  'Rate limits used, by issuer (percent)': ['Issuer', 'CaRateLimitUse'],
  'Days to the first expiry within a week, by team': ['Team', 'DaysToExpiry'],
  'Renewals overdue, by team': ['Team', 'RenewalsOverdue'],
  'Issuances failing, by team': ['Team', 'IssuancesFailing'],
  'Deliveries failing, by team': ['Team', 'DeliveriesFailing'],
  'Deliveries late, by team': ['Team', 'DeliveriesLate'],
};

/** What counts as it happens is added up, and of days the least is told; all else is how it stands. */
const STATISTIC: Readonly<Record<string, string>> = {
  Issued: 'Sum',
  Renewed: 'Sum',
  IssuancesFailed: 'Sum',
  DaysToExpiry: 'Minimum',
};

/** One line for each value of the dimension, as CloudWatch finds them: nobody knows them when this is deployed. */
const each = ({ config }: House, dimension: string, metricName: string, statistic: string): MathExpression =>
  new MathExpression({
    expression: `SEARCH('{Chancery,Instance,${dimension}} MetricName="${metricName}" Instance="${config.instance}"', '${statistic}', ${EVERY.toSeconds()})`,
    label: '',
    period: EVERY,
  });
