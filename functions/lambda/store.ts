import { acme } from '../composition/acme.ts';
import { ledger } from '../composition/ledger.ts';
import { limits } from '../composition/limits.ts';
import { metrics } from '../composition/metrics.ts';
import { accountKeys } from '../composition/signingKeys.ts';
import { clock, ids } from '../composition/system.ts';
import { vault } from '../composition/vault.ts';
import { x509 } from '../composition/x509.ts';
import { store } from '../steps/store.ts';

export const handler = store({ ledger, vault, acme, x509, accountKeys, limits, clock, ids, metrics });
