import { afterAll, beforeAll, expect, it } from 'vitest';
import { clusterDecider, clusterStream } from '../../lib/domain/cluster.ts';
import type { KubernetesDestination } from '../../lib/domain/destination.ts';
import {
  type Core,
  eventually,
  loadCertificate,
  putCluster,
  putIssuer,
  putTeam,
  requestCertificate,
  settled,
  specOf,
  startCore,
} from '../support/core.ts';
import { certificatesOf, deliverAgain, deliveryOf, eventsOf, renew, stuckDelivery } from '../support/issuing.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { kubeMust } from '../support/peers/kubeClient.ts';
import { type Kubernetes, startKubernetes } from '../support/peers/kubernetes.ts';
import { tempDir } from '../support/temp.ts';

const TEAM = 'shop';

describeWith(['kubernetes'], 'a cluster in trouble', () => {
  // One of its own: it is taken down in the middle.
  let cluster: Kubernetes;
  let core: Core;
  let namespace: string;

  beforeAll(async () => {
    cluster = await startKubernetes();
    namespace = await cluster.makeNamespace('faults');
    core = await startCore(tempDir('cluster-faults'));
    const { services } = core;
    await putTeam(services, TEAM);
    await putCluster(services, 'prod', cluster.kubeconfig());
    await putIssuer(services, TEAM, 'self', { selfSigned: {} });
  });
  afterAll(async () => {
    await core?.stop();
    await cluster?.stop();
  });

  /** Requests a certificate into a Secret of its name; issuing takes no peer. */
  async function request(name: string, where: Partial<KubernetesDestination> = {}): Promise<KubernetesDestination> {
    const to = { kind: 'kubernetes', cluster: 'prod', namespace, secretName: name, ...where } as const;
    const issuerRef = { name: 'self', kind: 'Issuer' } as const;
    const spec = specOf({ dnsNames: [`${name}.internal`], issuerRef, secretName: name, destinations: [to] });
    await requestCertificate(core.services, TEAM, name, spec);
    return to;
  }

  /** The delivery goes on, and the Secret in the cluster is the issued certificate. */
  async function arrives(name: string, to: KubernetesDestination): Promise<void> {
    const { issued } = await settled(core.services, TEAM, name);
    const secret = await cluster.secret(to.namespace, to.secretName);
    const [leaf] = certificatesOf(Buffer.from(secret!.data!['tls.crt']!, 'base64').toString('utf8'));
    expect(leaf!.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(issued!.fingerprint);
    const { observed, failure, dueAt } = await deliveryOf(core.services, to);
    expect(observed?.objectUid).toBe(secret!.metadata.uid);
    expect([failure, dueAt]).toEqual([undefined, undefined]);
  }

  it('whose namespace is missing is told so; the Secret comes when the namespace is there', async () => {
    const missing = `${namespace}-later`;
    const to = await request('later', { namespace: missing });
    const { failure, dueAt } = await stuckDelivery(core.services, to, 'refused', 'NamespaceMissing');
    expect(failure.message).toContain(missing);
    expect(dueAt! > failure.at).toBe(true);
    await kubeMust(cluster.call, 'POST', '/api/v1/namespaces', { metadata: { name: missing } });
    await deliverAgain(core.services, to);
    await arrives('later', to);
  });

  it('that forbids writing names the verb; the Secret comes when the role allows it', async () => {
    const readOnly = [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }];
    const token = await cluster.makeToken({ namespace, rules: readOnly, account: 'narrow' });
    await putCluster(core.services, 'narrow', cluster.kubeconfig({ token }));
    const to = await request('forbidden', { cluster: 'narrow' });
    const { failure } = await stuckDelivery(core.services, to, 'refused', 'Forbidden');
    expect(failure.message).toMatch(/may not (patch|create) secrets/);
    const role = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles/narrow`;
    const held = await kubeMust<{ rules: object[] }>(cluster.call, 'GET', role);
    const verbs = ['get', 'create', 'patch', 'update', 'delete'];
    await kubeMust(cluster.call, 'PUT', role, { ...held, rules: [{ ...readOnly[0], verbs }] });
    await eventually('the role allows it', async () => {
      await deliverAgain(core.services, to);
      await eventually('the run ended', async () => (await deliveryOf(core.services, to)).status !== 'running');
      return (await deliveryOf(core.services, to)).status === 'confirmed';
    });
    await arrives('forbidden', to);
  });

  it('that no longer takes the credential is told so; a new registration delivers', async () => {
    await putCluster(core.services, 'expired', cluster.kubeconfig({ token: 'no.such.token' }));
    const to = await request('expired', { cluster: 'expired' });
    await stuckDelivery(core.services, to, 'refused', 'Unauthorized');
    await putCluster(core.services, 'expired', cluster.kubeconfig(), 2);
    await deliverAgain(core.services, to);
    await arrives('expired', to);
  });

  it('that holds a Secret of somebody else keeps it, byte for byte, until the destination says adopt', async () => {
    const path = `/api/v1/namespaces/${namespace}/secrets`;
    const data = { 'tls.crt': btoa('theirs'), 'tls.key': btoa('theirs') };
    const theirs = { metadata: { name: 'foreign' }, type: 'kubernetes.io/tls', data };
    await kubeMust(cluster.call, 'POST', path, theirs);
    const before = await cluster.secret(namespace, 'foreign');
    const to = await request('foreign');
    const { failure } = await stuckDelivery(core.services, to, 'refused', 'NotOwned');
    expect(failure.message).toContain('foreign');
    expect(await cluster.secret(namespace, 'foreign')).toEqual(before);
    const adopting = await request('foreign', { adopt: true });
    await arrives('foreign', adopting);
    const { issued } = await loadCertificate(core.services, TEAM, 'foreign');
    // The same certificate: a changed destination needs no new one.
    expect(issued!.revision).toBe(1);
  });

  it('where somebody changes the Secret at the same time ends with the issued one', async () => {
    const to = await request('raced');
    await arrives('raced', to);
    let writing = true;
    const path = `/api/v1/namespaces/${namespace}/secrets/raced`;
    const disturb = async (): Promise<void> => {
      for (let n = 0; writing; n++) {
        const metadata = { annotations: { 'example.test/n': String(n) } };
        await kubeMust(cluster.call, 'PATCH', path, { metadata }, 'application/merge-patch+json');
      }
    };
    const disturbing = disturb();
    try {
      for (const revision of [1, 2, 3]) {
        await renew(core.services, TEAM, 'raced', revision);
        await settled(core.services, TEAM, 'raced');
      }
    } finally {
      writing = false;
      await disturbing;
    }
    await arrives('raced', to);
    const secret = await cluster.secret(namespace, 'raced');
    expect(secret!.metadata.annotations).toHaveProperty(['example.test/n']);
  });

  it('where somebody deleted the Secret has it again after the next delivery', async () => {
    const to = await request('deleted');
    await arrives('deleted', to);
    await kubeMust(cluster.call, 'DELETE', `/api/v1/namespaces/${namespace}/secrets/deleted`);
    await renew(core.services, TEAM, 'deleted', 1);
    await arrives('deleted', to);
  });

  it('that is held still is told so, and has the Secret once it goes on', async () => {
    cluster.pause();
    const to = await request('still');
    const { failure } = await stuckDelivery(core.services, to, 'failed', 'Timeout').finally(() => cluster.resume());
    expect(failure.class).toBe('backoff');
    await deliverAgain(core.services, to);
    await arrives('still', to);
  });

  it('that is down is told so, is tried later, and has what was issued meanwhile once it is back', async () => {
    await cluster.down();
    const to = await request('outage');
    const { failure, dueAt } = await stuckDelivery(core.services, to, 'failed', 'Unreachable');
    expect(failure.class).toBe('backoff');
    expect(dueAt! > failure.at).toBe(true);
    // The certificate itself waits for nobody.
    const { issued } = await loadCertificate(core.services, TEAM, 'outage');
    expect(issued!.revision).toBe(1);
    await putCluster(core.services, 'prod', cluster.kubeconfig(), 3);
    await eventually('the cluster is seen to be down', async () => {
      const { state } = await core.services.ledger.load(clusterDecider, clusterStream('prod'));
      return state.reachable === 'no' && state.reason;
    });
    await cluster.up();
    await deliverAgain(core.services, to);
    await arrives('outage', to);
    const events = await eventsOf(core.services, `delivery/kubernetes/prod/${namespace}/outage`);
    expect(events.filter(({ type }) => type === 'DeliveryConfirmed')).toHaveLength(1);
  });
});
