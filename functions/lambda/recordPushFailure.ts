import { ledger } from '../composition/ledger.ts';
import { metrics } from '../composition/metrics.ts';
import { ids } from '../composition/system.ts';
import { recordPushFailure } from '../steps/recordPushFailure.ts';

export const handler = recordPushFailure({ ledger, ids, metrics });
