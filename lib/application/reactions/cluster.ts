import { clusterDecider } from '../../domain/cluster.ts';
import { clusterAccess } from '../clusters.ts';
import type { Services } from '../services.ts';

type Needs = Pick<Services, 'ledger' | 'vault' | 'clusters' | 'clock'>;

/** Asks a cluster how it is, when its check is due, and records what changed. */
export async function pursueCluster(services: Needs, stream: string): Promise<void> {
  const { ledger, clock, clusters } = services;
  const { state } = await ledger.load(clusterDecider, stream);
  if (state.status !== 'registered' || !state.dueAt || state.dueAt > clock.now()) return;
  const { credentialRef } = state;
  const meta = { actor: 'cluster-check', correlationId: stream };
  try {
    const { version } = await clusters.probe(await clusterAccess(services, stream.slice('cluster/'.length)));
    await ledger.handle(clusterDecider, stream, { type: 'RecordReachable', credentialRef, version }, meta);
  } catch (error) {
    const reason = (error as Error).message.slice(0, 300);
    await ledger.handle(clusterDecider, stream, { type: 'RecordUnreachable', credentialRef, reason }, meta);
  }
}
