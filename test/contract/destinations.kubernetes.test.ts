import { kubernetesDestinations } from '../../lib/adapters/kubernetes/destinations.ts';
import { httpClient } from '../../lib/adapters/net/client.ts';
import type { Destination, KubernetesDestination } from '../../lib/domain/destination.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { kubeMust } from '../support/peers/kubeClient.ts';
import { sharedCluster } from '../support/peers/sharedCluster.ts';
import { destinationsContract, type Shown } from './destinations.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const entries = (contents: { certificate?: string; key?: string; ca?: string }) => ({
  ...(contents.certificate === undefined ? {} : { 'tls.crt': base64(contents.certificate) }),
  ...(contents.key === undefined ? {} : { 'tls.key': base64(contents.key) }),
  ...(contents.ca === undefined ? {} : { 'ca.crt': base64(contents.ca) }),
});
const named = (at: Destination) => at as KubernetesDestination;
const pathOf = (at: Destination) => `/api/v1/namespaces/${named(at).namespace}/secrets/${named(at).secretName}`;

describeWith(['kubernetes'], 'With a real API server', () => {
  destinationsContract('A Kubernetes Secret', async () => {
    const cluster = await sharedCluster();
    const namespace = await cluster.makeNamespace('destinations');
    const token = await cluster.makeToken({
      namespace,
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get', 'create', 'patch', 'delete'] }],
    });
    const http = httpClient({ allow: ['127.0.0.1'] });
    let places = 0;
    return {
      destinations: kubernetesDestinations({
        http,
        lookup: async () => ({ server: cluster.server, ca: cluster.caPem, token }),
      }),
      place: () => ({ kind: 'kubernetes', cluster: 'one', namespace, secretName: `place-${places++}` }),
      shown: async (at) => {
        const secret = await cluster.secret(namespace, named(at).secretName);
        if (!secret) return undefined;
        const text = (entry: string) => Buffer.from(secret.data?.[entry] ?? '', 'base64').toString();
        const all = { certificate: text('tls.crt'), key: text('tls.key'), ca: text('ca.crt') };
        return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')) as Shown;
      },
      occupy: async (at, contents) => {
        await kubeMust(cluster.call, 'POST', `/api/v1/namespaces/${namespace}/secrets?fieldManager=somebody`, {
          metadata: { name: named(at).secretName },
          type: 'kubernetes.io/tls',
          data: entries(contents),
        });
      },
      tamper: async (at, change) => {
        const data = entries({ ...change });
        const type = 'application/merge-patch+json';
        await kubeMust(cluster.call, 'PATCH', `${pathOf(at)}?fieldManager=somebody`, { data }, type);
      },
      remove: async (at) => {
        await kubeMust(cluster.call, 'DELETE', pathOf(at));
      },
      close: () => http.close(),
    };
  });
});
