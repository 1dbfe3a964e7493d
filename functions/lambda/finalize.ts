import { acme } from '../composition/acme.ts';
import { ledger } from '../composition/ledger.ts';
import { limits } from '../composition/limits.ts';
import { accountKeys, caKeys } from '../composition/signingKeys.ts';
import { clock, ids } from '../composition/system.ts';
import { vault } from '../composition/vault.ts';
import { views } from '../composition/views.ts';
import { x509 } from '../composition/x509.ts';
import { finalize } from '../steps/finalize.ts';

export const handler = finalize({ ledger, vault, views, acme, x509, accountKeys, caKeys, limits, clock, ids });
