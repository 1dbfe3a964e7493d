import { acme } from '../composition/acme.ts';
import { caa } from '../composition/caa.ts';
import { clusters } from '../composition/clusterProbe.ts';
import { ledger, store } from '../composition/ledger.ts';
import { limits } from '../composition/limits.ts';
import { metrics } from '../composition/metrics.ts';
import { accountKeys, caKeys } from '../composition/signingKeys.ts';
import { clock, ids, log } from '../composition/system.ts';
import { vault } from '../composition/vault.ts';
import { views } from '../composition/views.ts';
import { workflows } from '../composition/workflows.ts';
import { x509 } from '../composition/x509.ts';
import { scheduledScan } from '../schedule/scan.ts';

const services = {
  ledger,
  store,
  vault,
  views,
  acme,
  caa,
  x509,
  accountKeys,
  caKeys,
  clusters,
  workflows,
  limits,
  clock,
  ids,
  log,
  metrics,
};

export const handler = scheduledScan(services);
