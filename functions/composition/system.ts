import { jsonLog, systemClock, systemIds } from '../../lib/adapters/system/system.ts';

export const clock = systemClock;
export const ids = systemIds;
/** Lines on standard output become the function's log. */
export const log = jsonLog((line) => process.stdout.write(line));
