import { clusterProbe } from '../../lib/adapters/kubernetes/clusterProbe.ts';
import type { ClusterProbe } from '../../lib/ports/clusters.ts';
import { signIn } from './eks.ts';
import { http } from './http.ts';

const asked = clusterProbe({ http });

/** Without the reader of kubeconfigs, which only the API needs: what is sealed is read already. */
export const clusters: ClusterProbe = {
  probe: async (access, namespaces) => asked.probe(await signIn(access), namespaces),
};
