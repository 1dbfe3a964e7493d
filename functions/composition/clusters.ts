import { kubernetesClusters } from '../../lib/adapters/kubernetes/clusters.ts';
import { http } from './http.ts';

export const clusters = kubernetesClusters({ http });
