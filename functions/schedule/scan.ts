import { type ScanResult, scan } from '../../lib/application/scan.ts';

/** What the schedule starts: everything that is due, renewals and repairs alike. */
export const scheduledScan = (services: Parameters<typeof scan>[0]) => async (): Promise<ScanResult> => {
  const result = await scan(services);
  services.log.info('scan: done', { ...result });
  return result;
};
