import { acme } from '../composition/acme.ts';
import { challengeTokens, holders } from '../composition/challenges.ts';
import { dns } from '../composition/dns.ts';
import { ledger, store } from '../composition/ledger.ts';
import { clock, log } from '../composition/system.ts';
import { vault } from '../composition/vault.ts';
import { cleanUp } from '../steps/cleanUp.ts';

export const handler = cleanUp({ ledger, vault, store, acme, dns, challengeTokens, holders, clock, log });
