import { acme } from './acme.ts';
import { caa } from './caa.ts';
import { clusters } from './clusterProbe.ts';
import { ledger, store } from './ledger.ts';
import { limits } from './limits.ts';
import { accountKeys, caKeys } from './signingKeys.ts';
import { clock, ids, log } from './system.ts';
import { vault } from './vault.ts';
import { views } from './views.ts';
import { workflows } from './workflows.ts';
import { x509 } from './x509.ts';

/** What reactions act through: whether the feed or the scan says that something is owed, the same is done. */
export const reacting = {
  ...{ ledger, store, vault, views, limits },
  ...{ acme, caa, x509, accountKeys, caKeys, clusters },
  ...{ workflows, clock, ids, log },
};
