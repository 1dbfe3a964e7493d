import { createHash } from 'node:crypto';
import { type ClusterState, clusterDecider, clusterStream } from '../domain/cluster.ts';
import { SHARED } from '../domain/issuer.ts';
import { sameJson } from '../domain/json.ts';
import { Refusal } from '../domain/refusal.ts';
import type { ClusterAccess } from '../ports/clusters.ts';
import type { Meta } from './ledger.ts';
import type { Condition } from './schema/answers.ts';
import { checkRegion, checkRoleArn } from './schema/aws.ts';
import type { ClusterInput } from './schema/cluster.ts';
import type { Services } from './services.ts';

type Needs = Pick<Services, 'ledger' | 'vault' | 'clusters' | 'ids'>;

/** A cluster as answers show it: never what gives access to it. */
export function clusterView(name: string, { endpoint, caFingerprint, version, reachable, reason, since }: Shown) {
  const base = { type: 'Reachable', lastTransitionTime: since };
  const condition: Condition =
    reachable === 'yes'
      ? { ...base, status: 'True', reason: 'Reachable', message: 'The API server answers' }
      : reachable === 'no'
        ? { ...base, status: 'False', reason: 'Unreachable', message: reason ?? '' }
        : { ...base, status: 'Unknown', reason: 'Checking', message: 'The cluster is being asked' };
  return {
    name,
    server: endpoint,
    caFingerprint,
    ...(version && { version }),
    status: { conditions: [condition] },
  };
}
type Shown = Pick<ClusterState, 'endpoint' | 'caFingerprint' | 'version' | 'reachable' | 'reason' | 'since'>;

/** What is known of a cluster, and its version. @throws Refusal `ClusterUnknown` */
export async function readCluster({ ledger }: Pick<Needs, 'ledger'>, name: string) {
  const { state, version } = await ledger.load(clusterDecider, clusterStream(name));
  if (state.status !== 'registered') throw clusterUnknown(name);
  return { version, view: clusterView(name, state) };
}

/**
 * Registers a cluster, or gives it other access. What gives access is sealed in the vault; what it was before is purged. Equal access
 * changes nothing.
 * @throws Refusal from reading a kubeconfig, `InvalidRegion`, `InvalidRoleArn`; StaleVersion
 */
export async function putCluster(services: Needs, name: string, input: ClusterInput, meta: Meta, expected?: number) {
  const { ledger, vault, ids } = services;
  const access = accessOf(services, input);
  const stream = clusterStream(name);
  const before = (await ledger.load(clusterDecider, stream)).state;
  const same = await holds(services, before, access);
  const ref = same ? before.credentialRef : `cluster/${name}/${ids.uuid()}`;
  if (!same) await vault.seal(ref, SHARED, Buffer.from(JSON.stringify(access)));
  const caFingerprint = createHash('sha256').update(access.ca).digest('hex');
  const command = { type: 'Register', endpoint: access.server, caFingerprint, credentialRef: ref } as const;
  const { state, version } = await ledger.handle(clusterDecider, stream, command, meta, expected);
  const replaced = before.status === 'registered' && !same;
  if (replaced) await vault.purge(before.credentialRef);
  return { version, created: before.status !== 'registered', view: clusterView(name, state) };
}

function accessOf({ clusters }: Needs, input: ClusterInput): ClusterAccess {
  if (input.kubeconfig !== undefined) return clusters.parseKubeconfig(input.kubeconfig);
  const { server, ca, token, clientCertificate, clientKey, eks } = input;
  checkRegion(eks?.region, 'eks.region');
  checkRoleArn(eks?.roleArn, 'eks.roleArn');
  // The schema lets only whole sets of members through.
  return {
    server: server!,
    ca: ca!,
    ...(token && { token }),
    ...(clientKey && { clientCertificate, clientKey }),
    ...(eks && { eks }),
  };
}

async function holds({ vault }: Needs, state: ClusterState, access: ClusterAccess): Promise<boolean> {
  const sealed = state.status === 'registered' ? await vault.open(state.credentialRef, SHARED) : undefined;
  return sealed !== undefined && sameJson(JSON.parse(Buffer.from(sealed).toString('utf8')), access);
}

/** Forgets a cluster and purges what gave access to it; delivered Secrets stay. @throws Refusal `ClusterUnknown`; StaleVersion */
export async function removeCluster(
  { ledger, vault }: Pick<Needs, 'ledger' | 'vault'>,
  name: string,
  meta: Meta,
  expected?: number,
): Promise<void> {
  const { state } = await ledger.load(clusterDecider, clusterStream(name));
  if (state.status !== 'registered') throw clusterUnknown(name);
  await ledger.handle(clusterDecider, clusterStream(name), { type: 'Remove' }, meta, expected);
  await vault.purge(state.credentialRef);
}

const clusterUnknown = (name: string): Refusal =>
  new Refusal('ClusterUnknown', `there is no cluster ${name}`, {
    remedy: `register it: chancery cluster register ${name} --kubeconfig FILE`,
  });
