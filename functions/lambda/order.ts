import { acme } from '../composition/acme.ts';
import { ledger } from '../composition/ledger.ts';
import { limits } from '../composition/limits.ts';
import { accountKeys } from '../composition/signingKeys.ts';
import { clock, ids } from '../composition/system.ts';
import { vault } from '../composition/vault.ts';
import { x509 } from '../composition/x509.ts';
import { order } from '../steps/order.ts';

export const handler = order({ ledger, vault, acme, x509, accountKeys, limits, clock, ids });
