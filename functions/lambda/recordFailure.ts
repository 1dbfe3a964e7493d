import { ledger } from '../composition/ledger.ts';
import { metrics } from '../composition/metrics.ts';
import { ids } from '../composition/system.ts';
import { recordFailure } from '../steps/recordFailure.ts';

export const handler = recordFailure({ ledger, ids, metrics });
