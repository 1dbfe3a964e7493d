import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { clusterSurvey } from '../../../lib/adapters/kubernetes/clusterSurvey.ts';
import { httpClient } from '../../../lib/adapters/net/client.ts';
import type { HttpClient } from '../../../lib/adapters/net/http.ts';
import { Refusal } from '../../../lib/domain/refusal.ts';
import type { ClusterAccess, LeftSecret } from '../../../lib/ports/clusters.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { kubeCall, kubeMust } from '../../support/peers/kubeClient.ts';
import type { SecretObject } from '../../support/peers/kubeHelpers.ts';
import { sharedCluster } from '../../support/peers/sharedCluster.ts';
import { freePort } from '../../support/ports.ts';

type Cluster = Awaited<ReturnType<typeof sharedCluster>>;

const LABEL = { 'controller.cert-manager.io/fao': 'true' };
/** What no answer may hold. */
const CONTENTS = Buffer.from(`contents ${randomBytes(8).toString('hex')}`).toString('base64');

describeWith(['kubernetes'], 'A look at many Secrets', () => {
  let cluster: Cluster;
  let http: HttpClient;
  let admin: ClusterAccess;
  const asked: string[] = [];
  const answered: string[] = [];

  beforeAll(async () => {
    cluster = await sharedCluster();
    const { certPem, keyPem } = cluster.admin;
    admin = { server: cluster.server, ca: cluster.caPem, clientCertificate: certPem, clientKey: keyPem };
    const plain = httpClient({ allow: ['127.0.0.1'] });
    http = {
      async request(request) {
        const { pathname, searchParams } = new URL(request.url);
        asked.push(`${request.method} ${pathname}${searchParams.has('limit') ? ' list' : ''}`);
        const answer = await plain.request(request);
        answered.push(answer.body.toString('utf8'));
        return answer;
      },
      close: () => plain.close(),
    };
  });
  beforeEach(() => {
    asked.length = 0;
    answered.length = 0;
  });
  afterAll(() => http?.close());

  const survey = <T extends LeftSecret>(access: ClusterAccess, left: readonly T[]) =>
    clusterSurvey({ http }).survey(access, left);

  async function make(namespace: string, secretName: string, labels: object = LABEL): Promise<LeftSecret> {
    const body = { metadata: { name: secretName, labels }, data: { 'tls.key': CONTENTS } };
    const path = `/api/v1/namespaces/${namespace}/secrets`;
    const { metadata } = await kubeMust<SecretObject>(cluster.call, 'POST', path, body);
    return { namespace, secretName, objectUid: metadata.uid, resourceVersion: metadata.resourceVersion };
  }
  const many = (namespace: string, count: number) =>
    Promise.all(Array.from({ length: count }, (_, n) => make(namespace, `many-${n}`)));
  const pathOf = ({ namespace, secretName }: LeftSecret) => `/api/v1/namespaces/${namespace}/secrets/${secretName}`;
  const patch = (one: LeftSecret, body: object) =>
    kubeMust(cluster.call, 'PATCH', pathOf(one), body, 'application/merge-patch+json');
  /** A token that may do this in the namespace, as soon as the server knows of it. */
  async function allowed(namespace: string, ...verbs: string[]): Promise<ClusterAccess> {
    const rules = verbs.length === 0 ? [] : [{ apiGroups: [''], resources: ['secrets'], verbs }];
    const token = await cluster.makeToken({ namespace, rules });
    const call = kubeCall(cluster.server, cluster.caPem, { token });
    const path = `/api/v1/namespaces/${namespace}/secrets`;
    await vi.waitFor(async () => {
      for (const verb of verbs)
        expect((await call('GET', verb === 'list' ? path : `${path}/none`)).status).not.toBe(403);
    }, 20_000);
    return { server: cluster.server, ca: cluster.caPem, token };
  }
  const names = (all: readonly LeftSecret[]) => all.map(({ secretName }) => secretName).sort();

  /** Six Secrets, of which one is gone, one another object, one written to, and one without our label. */
  async function mixed(namespace: string): Promise<LeftSecret[]> {
    const all = await many(namespace, 6);
    await kubeMust(cluster.call, 'DELETE', pathOf(all[0]!));
    await kubeMust(cluster.call, 'DELETE', pathOf(all[1]!));
    await make(namespace, 'many-1');
    await patch(all[2]!, { data: { 'tls.key': btoa('another') } });
    const { metadata } = (await patch(all[3]!, { metadata: { labels: null } })) as unknown as SecretObject;
    all[3] = { ...all[3]!, resourceVersion: metadata.resourceVersion };
    return all;
  }

  it('finds what is gone, another object, or written since, by one list and a question for each that it lacks', async () => {
    const namespace = await cluster.makeNamespace('survey');
    const { changed, unseen } = await survey(admin, await mixed(namespace));
    expect([names(changed), unseen]).toEqual([['many-0', 'many-1', 'many-2'], 0]);
    const path = `/api/v1/namespaces/${namespace}/secrets`;
    expect(asked.sort()).toEqual([`GET ${path} list`, `GET ${path}/many-0`, `GET ${path}/many-3`]);
  });

  it('finds the same without the right to list, one by one', async () => {
    const namespace = await cluster.makeNamespace('survey');
    const { changed, unseen } = await survey(await allowed(namespace, 'get'), await mixed(namespace));
    expect([names(changed), unseen]).toEqual([['many-0', 'many-1', 'many-2'], 0]);
    expect(asked.length).toBe(1 + 6);
  });

  it('of fifty that are as they were left takes one request, and of more than a page two', async () => {
    const namespace = await cluster.makeNamespace('survey');
    const all = await many(namespace, 50);
    expect(await survey(admin, all)).toEqual({ changed: [], unseen: 0 });
    expect(asked.length).toBe(1);
    const other = await cluster.makeNamespace('survey');
    expect(await survey(admin, await many(other, 205))).toEqual({ changed: [], unseen: 0 });
    expect(asked.length).toBe(1 + 2);
  });

  it('of a few asks for each by its name', async () => {
    const namespace = await cluster.makeNamespace('survey');
    const all = await many(namespace, 2);
    expect(await survey(admin, all)).toEqual({ changed: [], unseen: 0 });
    expect(asked.sort()).toEqual(all.map((one) => `GET ${pathOf(one)}`));
  });

  it('in many namespaces is one list where that is allowed, else a question for each', async () => {
    const namespaces = await Promise.all(Array.from({ length: 11 }, () => cluster.makeNamespace('survey')));
    const all = await Promise.all(namespaces.map((namespace) => make(namespace, 'one')));
    expect(await survey(admin, all)).toEqual({ changed: [], unseen: 0 });
    expect(asked.filter((one) => one !== 'GET /api/v1/secrets list')).toEqual([]);
    const narrow = await allowed(namespaces[0]!, 'get', 'list');
    expect(await survey(narrow, all)).toEqual({ changed: [], unseen: 10 });
  });

  it('counts what it may not look at, and takes it for nothing', async () => {
    const namespace = await cluster.makeNamespace('survey');
    expect(await survey(await allowed(namespace), await mixed(namespace))).toEqual({ changed: [], unseen: 6 });
  });

  it('brings nothing of what the Secrets hold', async () => {
    const namespace = await cluster.makeNamespace('survey');
    const all = await many(namespace, 5);
    await survey(admin, all);
    await survey(admin, all.slice(0, 2));
    expect(answered.length).toBe(3);
    for (const body of answered) {
      expect(all.some(({ objectUid }) => body.includes(objectUid))).toBe(true);
      expect(body).not.toContain(CONTENTS);
      expect(body).not.toContain('"data"');
    }
  });

  it('is refused as a whole when the cluster does not answer', async () => {
    const left = { namespace: 'n', secretName: 's', objectUid: 'u', resourceVersion: '1' };
    const nowhere = { ...admin, server: `https://127.0.0.1:${await freePort()}` };
    const refused = await survey(
      nowhere,
      Array.from({ length: 30 }, () => left),
    ).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Refusal);
    expect((refused as Refusal).code).toBe('Unreachable');
    expect(asked.length).toBe(1);
  });
});
