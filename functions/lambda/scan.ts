import { acme } from '../composition/acme.ts';
import { clusters } from '../composition/clusters.ts';
import { ledger, store } from '../composition/ledger.ts';
import { metrics } from '../composition/metrics.ts';
import { accountKeys, caKeys } from '../composition/signingKeys.ts';
import { clock, log } from '../composition/system.ts';
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
  x509,
  accountKeys,
  caKeys,
  clusters,
  workflows,
  clock,
  log,
  metrics,
};

export const handler = scheduledScan(services);
