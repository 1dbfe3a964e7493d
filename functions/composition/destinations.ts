import { destinations as byKind } from '../../lib/adapters/destinations.ts';
import { kubernetesDestinations } from '../../lib/adapters/kubernetes/destinations.ts';
import { secretsManagerClients } from '../../lib/adapters/secretsManager/clients.ts';
import { secretsManagerDestinations } from '../../lib/adapters/secretsManager/destinations.ts';
import { clusterAccess } from '../../lib/application/clusters.ts';
import { signIn } from './eks.ts';
import { http } from './http.ts';
import { ledger } from './ledger.ts';
import { sessionName, sts } from './sts.ts';
import { vault } from './vault.ts';

/** There is no directory of this machine to deliver to: a function has none that lasts. */
export const destinations = byKind({
  kubernetes: kubernetesDestinations({
    http,
    lookup: async (cluster) => signIn(await clusterAccess({ ledger, vault }, cluster)),
  }),
  secretsManager: secretsManagerDestinations({ client: secretsManagerClients({ config: {}, sts, sessionName }) }),
});
