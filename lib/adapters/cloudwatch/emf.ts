/** Under which all metrics of ours stand. */
export const NAMESPACE = 'Chancery';

/**
 * A log line that CloudWatch makes metrics of.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 * @param at milliseconds since 1970
 * @param metrics numbers by name; an absent one is left out
 */
export function emfLine(instance: string, at: number, metrics: Readonly<Record<string, number | undefined>>): string {
  const present = Object.entries(metrics).filter(([, value]) => value !== undefined);
  const directive = {
    Namespace: NAMESPACE,
    Dimensions: [['Instance']],
    Metrics: present.map(([Name]) => ({ Name })),
  };
  const line = {
    _aws: { Timestamp: at, CloudWatchMetrics: [directive] },
    Instance: instance,
    ...Object.fromEntries(present),
  };
  return `${JSON.stringify(line)}\n`;
}
