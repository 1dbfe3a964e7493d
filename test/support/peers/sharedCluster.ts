import { inject } from 'vitest';
import { type ClusterHelpers, clusterHelpers } from './kubeHelpers.ts';
import type { ClusterAddress } from './kubernetes.ts';

/** The API server of this test run, started at the first call. Take a namespace of your own and leave the rest alone. */
export async function sharedCluster(): Promise<ClusterAddress & ClusterHelpers> {
  const answer = await fetch(`${inject('peers')}/kubernetes`);
  if (!answer.ok) throw new Error(`no API server for this run: ${await answer.text()}`);
  const address = (await answer.json()) as ClusterAddress;
  return { ...address, ...clusterHelpers(address) };
}
