import type { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type House, logGroupPrefix } from './house.ts';

export interface LogCountProps {
  readonly house: House;
  /** The metric's name. */
  readonly name: string;
  /** Parts of the installation with logs of their own, as in `/chancery/INSTANCE/PART`. */
  readonly parts: readonly string[];
  /** Events whose `type` is one of these are counted. */
  readonly types: readonly string[];
  readonly period: Duration;
}

/** Counts events in logs, all as one metric, that is paid for only in the hours in which there are such events. */
export class LogCount extends Construct {
  readonly metric: Metric;

  constructor(scope: Construct, id: string, { house, name, parts, types, period }: LogCountProps) {
    super(scope, id);
    // A filter's metric has no dimension that is not in the log.
    const namespace = `Chancery/${house.config.instance}`;
    this.metric = new Metric({ namespace, metricName: name, statistic: 'Sum', period });
    for (const part of parts) {
      new MetricFilter(this, part, {
        logGroup: LogGroup.fromLogGroupName(this, `${part}Log`, `${logGroupPrefix(house)}${part}`),
        filterPattern: FilterPattern.any(...types.map((type) => FilterPattern.stringValue('$.type', '=', type))),
        metricNamespace: namespace,
        metricName: name,
        metricValue: '1',
      });
    }
  }
}
