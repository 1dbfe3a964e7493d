import { Alarm, type AlarmProps, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { House } from './house.ts';

export interface RunbookAlarmProps extends Pick<AlarmProps, 'threshold' | 'comparisonOperator' | 'evaluationPeriods'> {
  /** What it means, as a heading of the runbook. */
  readonly heading: string;
  readonly metric: IMetric;
  readonly treatMissingData?: TreatMissingData;
}

/** The anchor of a heading, as Markdown readers make it. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');

/** An alarm that tells people, also that it is over, and says where the runbook has what to do. */
export function runbookAlarm(
  scope: Construct,
  id: string,
  house: House,
  topic: ITopic,
  props: RunbookAlarmProps,
): Alarm {
  const { heading, treatMissingData = TreatMissingData.NOT_BREACHING, ...rest } = props;
  const alarm = new Alarm(scope, id, {
    ...rest,
    alarmName: `${house.config.instance}-${id}`,
    alarmDescription: `${heading}. What to do: ${house.config.runbook}#${anchorOf(heading)}`,
    treatMissingData,
  });
  alarm.addAlarmAction(new SnsAction(topic));
  alarm.addOkAction(new SnsAction(topic));
  return alarm;
}
