import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { kubernetesClusters } from '../../../lib/adapters/kubernetes/clusters.ts';
import { kubernetesDestinations } from '../../../lib/adapters/kubernetes/destinations.ts';
import { httpClient } from '../../../lib/adapters/net/client.ts';
import type { HttpClient } from '../../../lib/adapters/net/http.ts';
import { Refusal } from '../../../lib/domain/refusal.ts';
import type { ClusterAccess } from '../../../lib/ports/clusters.ts';
import type { PushResult } from '../../../lib/ports/destinations.ts';
import { makeAuthority } from '../../support/authority.ts';
import { contentsMaker, type KeyedContents } from '../../support/certificates.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { kubeCall, kubeMust } from '../../support/peers/kubeClient.ts';
import { sharedCluster } from '../../support/peers/sharedCluster.ts';
import { freePort } from '../../support/ports.ts';
import { watched } from '../../support/watchedDestinations.ts';

type Cluster = Awaited<ReturnType<typeof sharedCluster>>;
const context = { instance: 'here', certificate: 'team/app' };
const rule = (...verbs: string[]) => ({ apiGroups: [''], resources: ['secrets'], verbs });

describeWith(['kubernetes'], 'What a cluster refuses', () => {
  let cluster: Cluster;
  let namespace: string;
  let http: HttpClient;
  let contents: KeyedContents;
  let admin: ClusterAccess;
  const { watch, answers } = watched();

  beforeAll(async () => {
    cluster = await sharedCluster();
    namespace = await cluster.makeNamespace('refusals');
    http = httpClient({ allow: ['127.0.0.1'] });
    contents = await (await contentsMaker()).make();
    const { certPem, keyPem } = cluster.admin;
    admin = { server: cluster.server, ca: cluster.caPem, clientCertificate: certPem, clientKey: keyPem };
  });
  afterAll(() => http?.close());

  let places = 0;
  const push = (access: ClusterAccess, where = namespace, known?: { objectUid: string; resourceVersion: string }) =>
    watch(kubernetesDestinations({ http, lookup: async () => access })).push(
      { kind: 'kubernetes', cluster: 'one', namespace: where, secretName: `secret-${places++}` },
      contents,
      known ? { ...context, known } : context,
    );
  const probe = (access: ClusterAccess, namespaces?: string[]) =>
    kubernetesClusters({ http }).probe(access, namespaces);
  const withToken = async (...verbs: string[]): Promise<ClusterAccess> => ({
    server: cluster.server,
    ca: cluster.caPem,
    token: await cluster.makeToken({ namespace, rules: [rule(...verbs)] }),
  });
  /** A token whose account is gone. The server may know an account for a moment longer, and a token that it has seen for ten seconds. */
  const revoked = async (): Promise<ClusterAccess> => {
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    const base = { server: cluster.server, ca: cluster.caPem };
    await kubeMust(cluster.call, 'POST', accounts, { metadata: { name: 'gone' } });
    const spec = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    const tokens: string[] = [];
    for (let i = 0; i < 20; i++) {
      const url = `${accounts}/gone/token`;
      tokens.push((await kubeMust<{ status: { token: string } }>(cluster.call, 'POST', url, spec)).status.token);
    }
    await kubeMust(cluster.call, 'DELETE', `${accounts}/gone`);
    return vi.waitFor(
      async () => {
        const token = tokens.pop() ?? '';
        expect((await kubeCall(base.server, base.ca, { token })('GET', '/version')).status).toBe(401);
        return { ...base, token };
      },
      { interval: 200, timeout: 5000 },
    );
  };
  const saying = (result: PushResult) => (result.outcome === 'confirmed' ? '' : result.message);

  it('is delivered to again by a client certificate that may do everything', async () => {
    expect(await push(admin)).toMatchObject({ outcome: 'confirmed' });
    expect((await probe(admin, [namespace])).version).toMatch(/^v1\.\d+/);
  });

  it('a namespace that is missing is named', async () => {
    const result = await push(admin, 'not-there');
    expect(result).toMatchObject({ outcome: 'refused', reason: 'NamespaceMissing' });
    expect(saying(result)).toContain('not-there');
  });

  it('a namespace on its way out is told from a missing right', async () => {
    const doomed = await cluster.makeNamespace('doomed');
    await kubeMust(cluster.call, 'DELETE', `/api/v1/namespaces/${doomed}`);
    expect(await push(admin, doomed)).toMatchObject({ outcome: 'refused', reason: 'NamespaceTerminating' });
    await cluster.removeNamespace(doomed);
  });

  it('a full quota is said to be one', async () => {
    const full = await cluster.makeNamespace('full');
    const quotas = `/api/v1/namespaces/${full}/resourcequotas`;
    await kubeMust(cluster.call, 'POST', quotas, { metadata: { name: 'none' }, spec: { hard: { secrets: '0' } } });
    // No controller counts here; the admission plugin needs a counted quota.
    const status = { hard: { secrets: '0' }, used: { secrets: '0' } };
    await kubeMust(cluster.call, 'PATCH', `${quotas}/none/status`, { status }, 'application/merge-patch+json');
    expect(await push(admin, full)).toMatchObject({ outcome: 'refused', reason: 'QuotaExceeded' });
  });

  it.each([
    { verbs: ['get', 'patch', 'delete'], missing: 'create' },
    { verbs: ['get', 'create', 'delete'], missing: 'patch' },
  ])('a credential that may not $missing is told so', async ({ verbs, missing }) => {
    const access = await withToken(...verbs);
    const result = await push(access);
    expect(result).toMatchObject({ outcome: 'refused', reason: 'Forbidden' });
    expect(saying(result)).toContain(`may not ${missing} secrets in namespace ${namespace}`);
    await expect(probe(access, [namespace])).rejects.toMatchObject({
      code: 'Forbidden',
      message: expect.stringContaining(`may not ${missing} secrets`),
    });
  });

  it('a credential that may not get is told so once it has to look', async () => {
    const access = await withToken('create', 'patch');
    const known = { objectUid: '00000000-0000-4000-8000-000000000000', resourceVersion: '7' };
    const result = await push(access, namespace, known);
    expect(result).toMatchObject({ outcome: 'refused', reason: 'Forbidden' });
    expect(saying(result)).toContain('may not get secrets');
  });

  it('a credential of one namespace passes the probe there and not elsewhere', async () => {
    const access = await withToken('get', 'create', 'patch', 'delete');
    await expect(probe(access, [namespace])).resolves.toHaveProperty('version');
    await expect(probe(access)).resolves.toHaveProperty('version');
    await expect(probe(access, [namespace, 'default'])).rejects.toMatchObject({
      code: 'Forbidden',
      message: expect.stringContaining('namespace default'),
    });
  });

  it('a token that was revoked is Unauthorized', async () => {
    const access = await revoked();
    expect(await push(access)).toMatchObject({ outcome: 'refused', reason: 'Unauthorized' });
    await expect(probe(access)).rejects.toMatchObject({ code: 'Unauthorized' });
  });

  it('no credential at all is not enough for the probe', async () => {
    const anonymous = { server: cluster.server, ca: cluster.caPem };
    await expect(probe(anonymous)).rejects.toMatchObject({ code: 'Forbidden' });
  });

  it('a server whose certificate another CA signed is not trusted, and nothing is sent to it', async () => {
    const ca = (await makeAuthority('another')).certPem;
    expect(await push({ ...admin, ca })).toMatchObject({ outcome: 'refused', reason: 'TlsUntrusted' });
    await expect(probe({ ...admin, ca })).rejects.toMatchObject({ code: 'TlsUntrusted' });
  });

  it('a server that is down is a failure that time may cure', async () => {
    const down = { ...admin, server: `https://127.0.0.1:${await freePort()}` };
    expect(await push(down)).toMatchObject({ outcome: 'failed', class: 'backoff', reason: 'Unreachable' });
    await expect(probe(down)).rejects.toMatchObject({ code: 'Unreachable' });
  });

  it('an address that the operator did not allow is refused', async () => {
    const strict = httpClient({ allow: [] });
    const destinations = kubernetesDestinations({ http: strict, lookup: async () => admin });
    const at = { kind: 'kubernetes', cluster: 'one', namespace, secretName: 'x' } as const;
    expect(await destinations.push(at, contents, context)).toMatchObject({
      outcome: 'refused',
      reason: 'AddressRefused',
    });
    await strict.close();
  });

  it('a cluster that nobody registered is refused by its lookup', async () => {
    const lookup = async () => {
      throw new Refusal('ClusterUnknown', 'There is no cluster one.');
    };
    const at = { kind: 'kubernetes', cluster: 'one', namespace, secretName: 'x' } as const;
    const destinations = kubernetesDestinations({ http, lookup });
    expect(await destinations.push(at, contents, context)).toMatchObject({
      outcome: 'refused',
      reason: 'ClusterUnknown',
    });
    expect(await destinations.withdraw(at, context)).toMatchObject({ outcome: 'refused', reason: 'ClusterUnknown' });
  });

  it('nothing of a key, a token or a Secret is in any of these answers', () => {
    expect(answers.length).toBeGreaterThan(9);
    const said = answers.join('\n');
    expect(said).not.toMatch(/PRIVATE|eyJ/);
    for (const line of contents.key.split('\n').filter((text) => text.length > 40)) expect(said).not.toContain(line);
  });
});
