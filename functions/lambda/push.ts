import { destinations } from '../composition/destinations.ts';
import { instance } from '../composition/instance.ts';
import { ledger } from '../composition/ledger.ts';
import { metrics } from '../composition/metrics.ts';
import { clock, ids } from '../composition/system.ts';
import { vault } from '../composition/vault.ts';
import { x509 } from '../composition/x509.ts';
import { push } from '../steps/push.ts';

export const handler = push({ instance, ledger, vault, x509, destinations, clock, ids, metrics });
