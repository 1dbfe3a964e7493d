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
 * is always 1 (where it is missing, no scan ran), `StreamsDue`, `StreamsFailed` (their turn threw), and how the installation stands after it.
 */
export const scheduledScan =
  (services: Needs) =>
  async (_event?: unknown, context?: Lifetime): Promise<ScanResult> => {
    const result = await scan(services, { remaining: context && (() => context.getRemainingTimeInMillis()) });
    if (!result.finished) services.log.warn('scan: its time is over, the rest is for the next one', { ...result });
    const { whole, parts } = await measureHealth(services);
    const limits = await limitMetrics(services);
    const scanned = { Scans: 1, StreamsDue: result.due, StreamsFailed: result.failed };
    services.metrics([{ metrics: { ...scanned, ...whole, ...limits.whole } }, ...parts, ...limits.parts]);
    return result;
  };
