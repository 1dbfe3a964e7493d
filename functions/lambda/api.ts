import { createApi } from '../api/api.ts';
import { lambdaApi } from '../api/lambda.ts';
import { clusters } from '../composition/clusters.ts';
import { deadLetters } from '../composition/deadLetters.ts';
import { variable } from '../composition/environment.ts';
import { oidc } from '../composition/identity.ts';
import { ledger, store } from '../composition/ledger.ts';
import { limits } from '../composition/limits.ts';
import { clock, ids, log } from '../composition/system.ts';
import { vault } from '../composition/vault.ts';
import { views } from '../composition/views.ts';
import { x509 } from '../composition/x509.ts';

const services = { ledger, store, views, vault, x509, clusters, limits, clock, ids, log };

export const handler = lambdaApi(
  createApi(services, {
    version: variable('CHANCERY_VERSION'),
    oidc,
    deadLetters,
    // Lambda answers 6 MB at most, as JSON: line ends and quotes take two octets.
    largestMetrics: 4_500_000,
    defaultDestination: 'secretsManager',
  }),
);
