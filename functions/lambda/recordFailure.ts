import { ledger } from '../composition/ledger.ts';
import { limits } from '../composition/limits.ts';
import { metrics } from '../composition/metrics.ts';
import { clock, ids } from '../composition/system.ts';
import { recordFailure } from '../steps/recordFailure.ts';

export const handler = recordFailure({ ledger, limits, clock, ids, metrics });
