import { kubernetesDestinations } from '../../lib/adapters/kubernetes/destinations.ts';
import { clusterAccess } from '../../lib/application/clusters.ts';
import { signIn } from './eks.ts';
import { http } from './http.ts';
import { ledger } from './ledger.ts';
import { vault } from './vault.ts';

/** Secrets in registered clusters. */
export const kubernetes = kubernetesDestinations({
  http,
  lookup: async (cluster) => signIn(await clusterAccess({ ledger, vault }, cluster)),
});
