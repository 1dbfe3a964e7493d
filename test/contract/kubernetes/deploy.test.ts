import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { kubernetesClusters } from '../../../lib/adapters/kubernetes/clusters.ts';
import { kubernetesDestinations } from '../../../lib/adapters/kubernetes/destinations.ts';
import { httpClient } from '../../../lib/adapters/net/client.ts';
import type { HttpClient } from '../../../lib/adapters/net/http.ts';
import type { ClusterAccess } from '../../../lib/ports/clusters.ts';
import { contentsMaker } from '../../support/certificates.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { kubeCall, kubeMust } from '../../support/peers/kubeClient.ts';
import type { SecretObject } from '../../support/peers/kubeHelpers.ts';
import { repository } from '../../support/peers/paths.ts';
import { sharedCluster } from '../../support/peers/sharedCluster.ts';

type Cluster = Awaited<ReturnType<typeof sharedCluster>>;
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

const PLURALS: Readonly<Record<string, string>> = {
  Namespace: 'namespaces',
  ServiceAccount: 'serviceaccounts',
  Secret: 'secrets',
  ClusterRole: 'clusterroles',
  RoleBinding: 'rolebindings',
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: 'validatingadmissionpolicybindings',
};

/** Applies a file of deploy/kubernetes, as kubectl would with `-n`. */
async function apply(cluster: Cluster, file: string, namespace?: string): Promise<void> {
  const text = readFileSync(join(repository, 'deploy/kubernetes', file), 'utf8');
  for (const document of parseAllDocuments(text)) {
    const manifest = document.toJS() as Manifest;
    const where = manifest.metadata.namespace ?? namespace;
    const api = manifest.apiVersion.includes('/') ? `/apis/${manifest.apiVersion}` : `/api/${manifest.apiVersion}`;
    const folder = `${api}${where ? `/namespaces/${where}` : ''}/${PLURALS[manifest.kind]}`;
    const url = `${folder}/${manifest.metadata.name}?fieldManager=kubectl&fieldValidation=Strict`;
    await kubeMust(cluster.call, 'PATCH', url, manifest, 'application/apply-patch+yaml');
  }
}

describeWith(['kubernetes'], 'What deploy/kubernetes gives', () => {
  let cluster: Cluster;
  let namespace: string;
  let access: ClusterAccess;
  let http: HttpClient;

  beforeAll(async () => {
    cluster = await sharedCluster();
    namespace = await cluster.makeNamespace('deploy');
    http = httpClient({ allow: ['127.0.0.1'] });
    await apply(cluster, 'chancery.yaml');
    await apply(cluster, 'only-tls.yaml');
    await apply(cluster, 'namespace.yaml', namespace);
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    const url = '/api/v1/namespaces/chancery/serviceaccounts/chancery/token';
    const { token } = (await kubeMust<{ status: { token: string } }>(cluster.call, 'POST', url, request)).status;
    access = { server: cluster.server, ca: cluster.caPem, token };
  });
  afterAll(() => http?.close());

  const secrets = () => `/api/v1/namespaces/${namespace}/secrets`;
  const asChancery = () => kubeCall(cluster.server, cluster.caPem, { token: access.token as string });

  it('is enough to deliver to a bound namespace, to deliver again, to look and to withdraw', async () => {
    await kubernetesClusters({ http }).probe(access, [namespace]);
    const contents = await (await contentsMaker()).make();
    const context = { instance: 'here', certificate: 'team/app' };
    const destinations = kubernetesDestinations({ http, lookup: async () => access });
    const at = { kind: 'kubernetes', cluster: 'one', namespace, secretName: 'app' } as const;
    const made = await destinations.push(at, contents, context);
    expect(made).toMatchObject({ outcome: 'confirmed' });
    expect(await destinations.push(at, contents, context)).toEqual(made);
    expect(await destinations.withdraw(at, context)).toEqual({ outcome: 'withdrawn' });
    expect(await destinations.observe(at, context)).toBeUndefined();
  });

  it('is not enough to list Secrets, or for another namespace', async () => {
    expect((await asChancery()('GET', secrets())).status).toBe(403);
    expect((await asChancery()('GET', '/api/v1/namespaces/default/secrets/any')).status).toBe(403);
  });

  it('is enough to see what others changed, by list.yaml in one request', async () => {
    const left = await Promise.all(
      ['a', 'b', 'c', 'd'].map(async (secretName) => {
        const labels = { 'controller.cert-manager.io/fao': 'true' };
        const body = { metadata: { name: secretName, labels } };
        const { metadata } = await kubeMust<SecretObject>(cluster.call, 'POST', secrets(), body);
        return { namespace, secretName, objectUid: metadata.uid, resourceVersion: metadata.resourceVersion };
      }),
    );
    let asked = 0;
    const counting: HttpClient = {
      ...http,
      request: (request) => {
        asked++;
        return http.request(request);
      },
    };
    const survey = () => kubernetesClusters({ http: counting }).survey(access, left);
    expect(await survey()).toEqual({ changed: [], unseen: 0 });
    expect(asked).toBe(1 + left.length);
    await apply(cluster, 'list.yaml', namespace);
    await vi.waitFor(
      async () => {
        asked = 0;
        expect(await survey()).toEqual({ changed: [], unseen: 0 });
        expect(asked).toBe(1);
      },
      { interval: 250, timeout: 20_000 },
    );
  });

  it('lets no Secret of another type be made, and no foreign one be deleted', async () => {
    await kubeMust(cluster.call, 'POST', secrets(), { metadata: { name: 'foreign' } });
    // The server learns of a new policy a moment after it is stored.
    await vi.waitFor(
      async () => {
        const dry = await asChancery()('POST', `${secrets()}?dryRun=All`, { metadata: { name: 'opaque' } });
        expect(dry).toMatchObject({
          status: 422,
          body: { message: expect.stringContaining('kubernetes.io/tls only') },
        });
      },
      { interval: 250, timeout: 20_000 },
    );
    expect((await asChancery()('DELETE', `${secrets()}/foreign`)).status).toBe(422);
    expect(await cluster.secret(namespace, 'foreign')).toBeDefined();
  });
});
