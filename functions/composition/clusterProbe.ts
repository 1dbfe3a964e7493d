import { clusterProbe } from '../../lib/adapters/kubernetes/clusterProbe.ts';
import { http } from './http.ts';

/** Without the reader of kubeconfigs, which only the API needs: what is sealed is read already. */
export const clusters = clusterProbe({ http });
