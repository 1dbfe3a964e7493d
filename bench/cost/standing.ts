import { readFileSync } from 'node:fs';
import type { Measurement } from '../../lib/ports/metrics.ts';
import { synthesizedTemplates } from '../../test/support/synthesized.ts';
import type { Standing } from './counts.ts';

/** What stands there: by the templates, and by what was told while it was counted; `quiet` is a scan that found nothing. */
export function standingOf(measured: readonly Measurement[], quiet: readonly Measurement[]): Standing {
  const resources = synthesizedTemplates({ alarmEmails: ['ops@example.com'] }).flatMap((file) =>
    Object.values((JSON.parse(readFileSync(file, 'utf8')) as Template).Resources),
  );
  const ofType = (type: string) => resources.filter(({ Type }) => Type === type);
  const looked = ofType('AWS::CloudWatch::Alarm').map(({ Properties: { Metrics } }) =>
    Metrics ? Metrics.filter(({ MetricStat }) => MetricStat !== undefined).length : 1,
  );
  const metrics = (told: readonly Measurement[]) =>
    told.flatMap(({ team, issuer, metrics }) =>
      Object.entries(metrics).flatMap(([name, value]) =>
        value === undefined ? [] : [JSON.stringify([team, issuer, name])],
      ),
    );
  return {
    keys: ofType('AWS::KMS::Key').length,
    alarmMetrics: looked.reduce((sum, count) => sum + count, 0),
    dashboards: ofType('AWS::CloudWatch::Dashboard').length,
    metrics: new Set(metrics(quiet)).size,
    metricsInUse: new Set(metrics(measured)).size,
  };
}

interface Template {
  readonly Resources: Readonly<
    Record<
      string,
      { readonly Type: string; readonly Properties: { readonly Metrics?: { readonly MetricStat?: object }[] } }
    >
  >;
}
