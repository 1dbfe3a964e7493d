/** Time, chance and log lines of the machine, for the host and the command that starts it. */
export { jsonLog, systemClock, systemIds } from '../lib/adapters/system/system.ts';
