import { acme } from '../composition/acme.ts';
import { bus } from '../composition/bus.ts';
import { caa } from '../composition/caa.ts';
import { clusters } from '../composition/clusterProbe.ts';
import { ledger, store } from '../composition/ledger.ts';
import { limits } from '../composition/limits.ts';
import { accountKeys, caKeys } from '../composition/signingKeys.ts';
import { clock, ids, log } from '../composition/system.ts';
import { vault } from '../composition/vault.ts';
import { views } from '../composition/views.ts';
import { workflows } from '../composition/workflows.ts';
import { x509 } from '../composition/x509.ts';
import { reactBatch } from '../stream/react.ts';

export const handler = reactBatch({
  ledger,
  store,
  bus,
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
});
