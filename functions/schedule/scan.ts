import { type Health, measureHealth } from '../../lib/application/health.ts';
import { type ScanResult, scan } from '../../lib/application/scan.ts';

type Needs = Parameters<typeof scan>[0];

/** What a scan tells for the alarms: what it found, and how the installation stands after it. */
export interface Measured extends Health {
  /** Always 1: where it is missing, no scan ran. */
  readonly Scans: number;
  readonly StreamsDue: number;
  /** Streams whose turn threw. */
  readonly StreamsFailed: number;
}

/** What the schedule starts: everything that is due, renewals and repairs alike, and then a look at the whole. */
export const scheduledScan =
  (services: Needs, report: (metrics: Measured) => void) => async (): Promise<ScanResult> => {
    const result = await scan(services);
    report({ Scans: 1, StreamsDue: result.due, StreamsFailed: result.failed, ...(await measureHealth(services)) });
    return result;
  };
