import { clusterDecider, clusterStream } from '../domain/cluster.ts';
import { SHARED } from '../domain/issuer.ts';
import { Refusal } from '../domain/refusal.ts';
import type { ClusterAccess } from '../ports/clusters.ts';
import type { Services } from './services.ts';

/** Access to a registered cluster, opened from the vault. @throws Refusal `ClusterUnknown` */
export async function clusterAccess(
  { ledger, vault }: Pick<Services, 'ledger' | 'vault'>,
  name: string,
): Promise<ClusterAccess> {
  const { state } = await ledger.load(clusterDecider, clusterStream(name));
  const sealed = state.status === 'registered' ? await vault.open(state.credentialRef, SHARED) : undefined;
  if (sealed) return JSON.parse(Buffer.from(sealed).toString('utf8')) as ClusterAccess;
  throw new Refusal('ClusterUnknown', `there is no cluster ${name}`, {
    remedy: `register it: chancery cluster register ${name} --kubeconfig FILE`,
  });
}
