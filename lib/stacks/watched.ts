import { Duration, type Stack } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ApiStack } from './api.ts';
import type { House } from './constructs/house.ts';
import { LogCount } from './constructs/logCount.ts';
import { machineNames } from './constructs/machine.ts';
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

export const EVERY = Duration.minutes(5);

interface Where {
  /** The stack that has the alarms. */
  readonly stack: Stack;
  readonly house: House;
  readonly workflow: WorkflowStack;
  readonly api: ApiStack;
}

/** The alarms, by name. Each metric of an alarm costs, so that what one alarm tells of, no other asks for. */
export function watchedBy({ stack, house, workflow, api }: Where): Readonly<Record<string, Watched>> {
  return { ...certificates(house), ...goingOn(house, workflow), ...running(stack, house), ...answering(api) };
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

/** Words of Step Functions' logs: docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html */
const STEP_FAILED = [
  'LambdaFunctionFailed',
  'LambdaFunctionScheduleFailed',
  'LambdaFunctionStartFailed',
  'LambdaFunctionTimedOut',
];
const EXECUTION_FAILED = ['ExecutionFailed', 'ExecutionTimedOut'];

/**
 * Steps and machines, by the machines' logs: to ask for each function's errors and each machine's failures is ten metrics instead of two. What fails
 * in another function, another alarm tells: `project` and `react` are late or give dead letters, `scan` is missing, `api` and `http01` answer 5xx, and
 * the others answer the error to whoever calls them.
 */
function running(stack: Stack, house: House): Record<string, Watched> {
  const counted = (name: string, types: readonly string[]) =>
    new LogCount(stack, name, { house, name, types, parts: machineNames, period: EVERY }).metric;
  return {
    'step-errors': { heading: 'Steps fail', metric: counted('StepErrors', STEP_FAILED), from: 5, periods: 2 },
    throttles: {
      heading: 'Functions are throttled',
      // Of all functions of the account: they share what is used up.
      metric: new Metric({ namespace: 'AWS/Lambda', metricName: 'Throttles', statistic: 'Sum', period: EVERY }),
      from: 1,
      periods: 3,
    },
    executions: {
      heading: 'Executions end badly',
      metric: counted('ExecutionsEndedBadly', EXECUTION_FAILED),
      from: 1,
    },
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
