import { destinations as byKind } from '../../lib/adapters/destinations.ts';
import { kubernetesDestinations } from '../../lib/adapters/kubernetes/destinations.ts';
import { clusterAccess } from '../../lib/application/clusters.ts';
import { http } from './http.ts';
import { ledger } from './ledger.ts';
import { vault } from './vault.ts';

/** There is no directory of this machine to deliver to: a function has none that lasts. */
export const destinations = byKind({
  kubernetes: kubernetesDestinations({ http, lookup: (cluster) => clusterAccess({ ledger, vault }, cluster) }),
});
