import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ApiStack } from './api.ts';
import type { House } from './constructs/house.ts';
import type { WorkflowStack } from './workflow.ts';

/** One thing that people are told of: an alarm, and a graph of the same metric. */
export type Watched = {
  /** What it means, as a heading of docs/runbook.md. */
  readonly heading: string;
  readonly metric: IMetric;
} & ({ readonly from: number } | { readonly below: number }) & {
    /** Periods in a row; 1 when absent. */
    readonly periods?: number;
    readonly missingIsBad?: boolean;
  };

/** A sum has more metrics than an alarm may be made of. */
export class TooManyMetrics extends Error {
  override readonly name = 'TooManyMetrics';
}

/** Metrics that the math of one alarm may have: docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html */
const MOST = 10;

export const EVERY = Duration.minutes(5);

type Where = { readonly house: House; readonly workflow: WorkflowStack; readonly api: ApiStack };

/** The alarms, by name. Each metric of an alarm costs, so that what one alarm tells of, no other asks for. */
export function watchedBy({ house, workflow, api }: Where): Readonly<Record<string, Watched>> {
  return { ...certificates(house), ...goingOn(house, workflow), ...running(workflow), ...answering(api) };
}

/** A number of ours, of the whole installation. */
export const own = ({ config }: House, metricName: string, statistic = 'Maximum'): Metric =>
  new Metric({
    namespace: 'Chancery',
    metricName,
    statistic,
    period: EVERY,
    dimensionsMap: { Instance: config.instance },
  });

const certificates = (house: House): Record<string, Watched> => ({
  'expiry-week': {
    heading: 'A certificate expires within 7 days',
    metric: own(house, 'DaysToExpiry', 'Minimum'),
    below: 7,
  },
  'expiry-now': {
    heading: 'A certificate expires within 3 days',
    metric: own(house, 'DaysToExpiry', 'Minimum'),
    below: 3,
  },
  'renewals-overdue': {
    heading: 'Renewals are overdue',
    metric: own(house, 'RenewalsOverdue'),
    from: 1,
    periods: 3,
  },
  'issuances-failing': { heading: 'Issuances fail', metric: own(house, 'IssuancesFailing'), from: 1, periods: 6 },
  'ca-rate-limit': { heading: 'A CA rate limit is nearly used up', metric: own(house, 'CaRateLimitUse'), from: 80 },
  'deliveries-failing': { heading: 'Deliveries fail', metric: own(house, 'DeliveriesFailing'), from: 1, periods: 6 },
  'deliveries-late': { heading: 'Deliveries are late', metric: own(house, 'DeliveriesLate'), from: 1, periods: 2 },
});

function goingOn(house: House, { handlers: { project, react }, deadLetters }: WorkflowStack): Record<string, Watched> {
  const age = (one: typeof project) => one.function.metric('IteratorAge', { statistic: 'Maximum', period: EVERY });
  return {
    'scan-missing': {
      heading: 'The scan has not run',
      metric: own(house, 'Scans', 'Sum'),
      below: 1,
      periods: 3,
      missingIsBad: true,
    },
    'scan-failing': {
      heading: 'The scan cannot pursue a stream',
      metric: own(house, 'StreamsFailed'),
      from: 1,
      periods: 6,
    },
    'dead-letters': {
      heading: 'There are dead letters',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: EVERY }),
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
  };
}

/**
 * Steps and machines. Errors are asked for of steps alone, and of those whose errors the machine catches. What fails in another function, another alarm
 * tells: the other steps end their execution, `project` and `react` are late or give dead letters, `scan` is missing, `api` and `http01` answer 5xx, and
 * the others answer the error to whoever calls them.
 */
function running({ machines }: WorkflowStack): Record<string, Watched> {
  const ended = ['ExecutionsFailed', 'ExecutionsTimedOut'].flatMap((metricName) =>
    machines.map(
      ({ arn }) =>
        new Metric({
          namespace: 'AWS/States',
          metricName,
          statistic: 'Sum',
          period: EVERY,
          dimensionsMap: { StateMachineArn: arn },
        }),
    ),
  );
  return {
    'step-errors': {
      heading: 'Steps fail',
      metric: sum(
        'errors',
        machines.flatMap(({ caught }) => caught).map((one) => one.metricErrors({ period: EVERY })),
      ),
      from: 5,
      periods: 2,
    },
    throttles: {
      heading: 'Functions are throttled',
      // Of all functions of the account: they share what is used up.
      metric: new Metric({ namespace: 'AWS/Lambda', metricName: 'Throttles', statistic: 'Sum', period: EVERY }),
      from: 1,
      periods: 3,
    },
    executions: { heading: 'Executions end badly', metric: sum('executions', ended), from: 1 },
  };
}

const answering = ({ api, handlers }: ApiStack): Record<string, Watched> => ({
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
});

/** @throws TooManyMetrics */
function sum(label: string, metrics: readonly IMetric[]): MathExpression {
  if (metrics.length > MOST)
    throw new TooManyMetrics(`an alarm adds up to ${MOST} metrics, and not ${metrics.length}: make two of it`);
  // Where nothing happened there is no number.
  const named = metrics.map((metric, index) => [`m${index}`, metric] as const);
  const expression = named.map(([name]) => `FILL(${name}, 0)`).join('+');
  return new MathExpression({ expression, usingMetrics: Object.fromEntries(named), label, period: EVERY });
}
