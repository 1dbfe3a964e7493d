import { acme } from '../composition/acme.ts';
import { challengeTokens, holders } from '../composition/challenges.ts';
import { dns } from '../composition/dns.ts';
import { ledger, store } from '../composition/ledger.ts';
import { limits } from '../composition/limits.ts';
import { accountKeys } from '../composition/signingKeys.ts';
import { clock, ids } from '../composition/system.ts';
import { vault } from '../composition/vault.ts';
import { x509 } from '../composition/x509.ts';
import { challenge } from '../steps/challenge.ts';

export const handler = challenge({
  ledger,
  vault,
  store,
  acme,
  x509,
  accountKeys,
  dns,
  challengeTokens,
  holders,
  limits,
  clock,
  ids,
});
