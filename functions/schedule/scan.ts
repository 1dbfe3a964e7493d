import { measureHealth } from '../../lib/application/health.ts';
import { limitMetrics } from '../../lib/application/limits/use.ts';
import { type ScanResult, scan } from '../../lib/application/scan.ts';
import type { Metrics } from '../../lib/ports/metrics.ts';

type Needs = Parameters<typeof scan>[0] & { readonly metrics: Metrics };

/** What Lambda tells a handler of the time that it has. */
interface Lifetime {
  getRemainingTimeInMillis(): number;
}

/**
 * What the schedule starts: everything that is due, renewals and repairs alike, and then a look at the whole. For the alarms it tells `Scans`, which
 * is always 1 (where it is missing, no scan ran), `StreamsFailed` (their turn threw), and how the installation stands after it. What is nought is not
 * told: a metric is paid for in the hours in which it is written.
 */
export const scheduledScan =
  (services: Needs) =>
  async (_event?: unknown, context?: Lifetime): Promise<ScanResult> => {
    const result = await scan(services, { remaining: context && (() => context.getRemainingTimeInMillis()) });
    if (!result.finished) services.log.warn('scan: its time is over, the rest is for the next one', { ...result });
    const { whole, parts } = await measureHealth(services);
    const limits = await limitMetrics(services);
    const { DaysToExpiry, ...counts } = whole;
    const told = someOf({ StreamsFailed: result.failed, ...counts, ...limits.whole });
    services.metrics([{ metrics: { Scans: 1, DaysToExpiry, ...told } }, ...parts, ...limits.parts]);
    return result;
  };

/** Those that are not nought. */
const someOf = (counts: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
