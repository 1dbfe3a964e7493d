import type { Measurement } from '../../ports/metrics.ts';

/** Under which all metrics of ours stand. */
export const NAMESPACE = 'Chancery';

/** Metrics that one directive may declare. */
const MOST = 100;

/**
 * Log lines that CloudWatch makes metrics of: one for each measurement, more where it has over a hundred metrics, none where it has none. Numbers
 * of the whole have the dimension Instance; of a team Instance and Team, of an issuer Instance and Issuer.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 * @param at milliseconds since 1970
 */
export function emfLines(instance: string, at: number, measured: readonly Measurement[]): string {
  return measured
    .flatMap(({ team, issuer, metrics }) => {
      const dimensions = {
        Instance: instance,
        ...(team !== undefined && { Team: team }),
        ...(issuer !== undefined && { Issuer: issuer }),
      };
      const present = Object.entries(metrics).filter(([, value]) => value !== undefined);
      const parts = Array.from({ length: Math.ceil(present.length / MOST) }, (_, part) =>
        present.slice(part * MOST, (part + 1) * MOST),
      );
      return parts.map((part) => emfLine(at, dimensions, part));
    })
    .join('');
}

function emfLine(
  at: number,
  dimensions: Readonly<Record<string, string>>,
  metrics: readonly (readonly [string, number | undefined])[],
): string {
  const directive = {
    Namespace: NAMESPACE,
    Dimensions: [Object.keys(dimensions)],
    Metrics: metrics.map(([Name]) => ({ Name })),
  };
  const line = {
    _aws: { Timestamp: at, CloudWatchMetrics: [directive] },
    ...dimensions,
    ...Object.fromEntries(metrics),
  };
  return `${JSON.stringify(line)}\n`;
}
