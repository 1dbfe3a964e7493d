import { type ClusterCommand, clusterDecider, REACHABLE_CHECK, UNREACHABLE_CHECK } from '../../domain/cluster.ts';
import { withJitter } from '../../domain/problem.ts';
import type { ClusterAccess, ClusterProbe } from '../../ports/clusters.ts';
import { clusterAccess } from '../clusters.ts';
import type { CopyObserver } from '../drift.ts';
import type { Services } from '../services.ts';
import { isCheckDue, nextCheck } from './issuer.ts';

type Needs = Pick<Services, 'ledger' | 'vault' | 'clock' | 'ids' | 'log'> & {
  readonly clusters: ClusterProbe;
  readonly copies?: Pick<CopyObserver, 'cluster'>;
};

/** Seconds until what is left of the copies in a cluster is looked at. */
const GO_ON = 60;

/**
 * Asks a cluster how it is, when its check is due, and records what changed. Where it answers, the copies there are looked at.
 * @returns seconds until the next check
 */
export async function pursueCluster(services: Needs, stream: string): Promise<number | undefined> {
  const { ledger, clock, ids } = services;
  const { state } = await ledger.load(clusterDecider, stream);
  if (state.status !== 'registered' || !isCheckDue(state, clock.now())) return undefined;
  const meta = { actor: 'cluster-check', correlationId: stream };
  const { command, access } = await ask(services, stream, state.credentialRef);
  const now = (await ledger.handle(clusterDecider, stream, command, meta)).state;
  if (now.reachable !== 'yes' || !access)
    return nextCheck(now.since, clock.now(), UNREACHABLE_CHECK, LONGEST_UNREACHABLE);
  const whole = await observe(services, stream, access);
  return whole ? withJitter(REACHABLE_CHECK, ids.random()) : GO_ON;
}

/** Seconds between checks of a cluster that stays away. */
const LONGEST_UNREACHABLE = 900;

/** What came of it; with the access where it answers. */
async function ask(
  services: Needs,
  stream: string,
  credentialRef: string,
): Promise<{ readonly command: ClusterCommand; readonly access?: ClusterAccess }> {
  try {
    const access = await clusterAccess(services, stream.slice('cluster/'.length));
    const { version } = await services.clusters.probe(access);
    return { command: { type: 'RecordReachable', credentialRef, version }, access };
  } catch (error) {
    return { command: { type: 'RecordUnreachable', credentialRef, reason: (error as Error).message.slice(0, 300) } };
  }
}

/** Looks at the copies in the cluster. What goes wrong there is no news of the cluster: it is looked at again at the next check. */
async function observe({ copies, log }: Needs, stream: string, access: ClusterAccess): Promise<boolean> {
  try {
    return (await copies?.cluster(stream.slice('cluster/'.length), access)) ?? true;
  } catch (error) {
    log.warn('drift: the copies in a cluster could not be looked at', { stream, error: (error as Error).message });
    return true;
  }
}
