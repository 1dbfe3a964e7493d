import { caaRecords } from '../../lib/adapters/dns/caaRecords.ts';

/** Milliseconds for one try of a look-up. */
const TIMEOUT = 2000;

export const caa = caaRecords(undefined, TIMEOUT);
