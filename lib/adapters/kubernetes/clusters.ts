import type { Clusters } from '../../ports/clusters.ts';
import type { HttpClient } from '../net/http.ts';
import { clusterProbe } from './clusterProbe.ts';
import { parseKubeconfig } from './kubeconfig.ts';

/** Reads kubeconfigs, and asks a cluster how it is as {@link clusterProbe} does. */
export const kubernetesClusters = (options: { http: HttpClient }): Clusters => ({
  parseKubeconfig,
  ...clusterProbe(options),
});
