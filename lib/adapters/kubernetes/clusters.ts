import type { Clusters } from '../../ports/clusters.ts';
import type { HttpClient } from '../net/http.ts';
import { clusterProbe } from './clusterProbe.ts';
import { clusterSurvey } from './clusterSurvey.ts';
import { parseKubeconfig } from './kubeconfig.ts';

/** Reads kubeconfigs, asks a cluster how it is as {@link clusterProbe} does, and looks at its Secrets as {@link clusterSurvey} does. */
export const kubernetesClusters = (options: { http: HttpClient }): Clusters => ({
  parseKubeconfig,
  ...clusterProbe(options),
  ...clusterSurvey(options),
});
