import { type ClusterCommand, clusterDecider, REACHABLE_CHECK, UNREACHABLE_CHECK } from '../../domain/cluster.ts';
import type { ClusterProbe } from '../../ports/clusters.ts';
import { clusterAccess } from '../clusters.ts';
import type { Services } from '../services.ts';
import { nextCheck } from './issuer.ts';

type Needs = Pick<Services, 'ledger' | 'vault' | 'clock'> & { readonly clusters: ClusterProbe };

/**
 * Asks a cluster how it is, when its check is due, and records what changed.
 * @returns seconds until the next check
 */
export async function pursueCluster(services: Needs, stream: string): Promise<number | undefined> {
  const { ledger, clock } = services;
  const { state } = await ledger.load(clusterDecider, stream);
  if (state.status !== 'registered' || !state.dueAt || state.dueAt > clock.now()) return undefined;
  const meta = { actor: 'cluster-check', correlationId: stream };
  const command = await ask(services, stream, state.credentialRef);
  const now = (await ledger.handle(clusterDecider, stream, command, meta)).state;
  return now.reachable === 'yes'
    ? REACHABLE_CHECK
    : nextCheck(now.since, clock.now(), UNREACHABLE_CHECK, LONGEST_UNREACHABLE);
}

/** Seconds between checks of a cluster that stays away. */
const LONGEST_UNREACHABLE = 900;

async function ask(services: Needs, stream: string, credentialRef: string): Promise<ClusterCommand> {
  try {
    const access = await clusterAccess(services, stream.slice('cluster/'.length));
    const { version } = await services.clusters.probe(access);
    return { type: 'RecordReachable', credentialRef, version };
  } catch (error) {
    return { type: 'RecordUnreachable', credentialRef, reason: (error as Error).message.slice(0, 300) };
  }
}
