import { ledger } from '../composition/ledger.ts';
import { clock, ids } from '../composition/system.ts';
import { adminToken } from '../tokens/adminToken.ts';

export const handler = adminToken({ ledger, clock, ids });
