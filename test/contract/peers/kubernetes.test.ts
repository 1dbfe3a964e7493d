import { beforeAll, expect, it } from 'vitest';
import { describeWith } from '../../support/peers/describeWith.ts';
import { type KubeCall, kubeCall } from '../../support/peers/kubeClient.ts';
import { sharedCluster } from '../../support/peers/sharedCluster.ts';

type Cluster = Awaited<ReturnType<typeof sharedCluster>>;

describeWith(['kubernetes'], 'The API server as a test peer', () => {
  let cluster: Cluster;
  let namespace: string;
  let account: KubeCall;
  beforeAll(async () => {
    cluster = await sharedCluster();
    namespace = await cluster.makeNamespace('peers');
    account = kubeCall(cluster.server, cluster.caPem, { token: await cluster.makeToken({ namespace }) });
  });

  const create = (call: KubeCall, where: string, name: string) =>
    call('POST', `/api/v1/namespaces/${where}/secrets`, { metadata: { name }, stringData: { word: 'x' } });

  it('is one server for a whole run', async () => {
    expect((await sharedCluster()).pid).toBe(cluster.pid);
  });

  it('lets a service account do what its role says, and only in its namespace', async () => {
    expect((await create(account, namespace, 'allowed')).status).toBe(201);
    expect((await cluster.secret(namespace, 'allowed'))?.data).toEqual({ word: 'eA==' });
    expect((await create(account, 'default', 'refused')).status).toBe(403);
  });

  it('really removes a namespace', async () => {
    const doomed = await cluster.makeNamespace('doomed');
    await create(cluster.call, doomed, 'gone');
    await cluster.removeNamespace(doomed);
    expect((await create(cluster.call, doomed, 'late')).status).toBe(404);
    expect(await cluster.secret(doomed, 'gone')).toBeUndefined();
  });
});
