import { afterAll, beforeAll, expect, it } from 'vitest';
import { kubernetesDestinations } from '../../../lib/adapters/kubernetes/destinations.ts';
import { httpClient } from '../../../lib/adapters/net/client.ts';
import type { HttpClient } from '../../../lib/adapters/net/http.ts';
import { contentsMaker } from '../../support/certificates.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { type Kubernetes, startKubernetes } from '../../support/peers/kubernetes.ts';
import { confirmedBy } from '../destinations.ts';

describeWith(['kubernetes'], 'Deliveries while the API server goes and comes back', () => {
  let cluster: Kubernetes;
  let http: HttpClient;
  beforeAll(async () => {
    cluster = await startKubernetes();
    http = httpClient({ allow: ['127.0.0.1'] });
  });
  afterAll(async () => {
    await http?.close();
    await cluster?.stop();
  });

  it('fail with a reason while it is down, and carry on over the connections of before when it is up', async () => {
    const namespace = await cluster.makeNamespace('outage');
    const maker = await contentsMaker();
    const [first, second] = [await maker.make(), await maker.make()];
    const { certPem, keyPem } = cluster.admin;
    const access = { server: cluster.server, ca: cluster.caPem, clientCertificate: certPem, clientKey: keyPem };
    const destinations = kubernetesDestinations({ http, lookup: async () => access });
    const context = { instance: 'here', certificate: 'team/app' };
    const at = (n: number) => ({ kind: 'kubernetes', cluster: 'one', namespace, secretName: `s-${n}` }) as const;
    const numbers = [0, 1, 2, 3];

    const made = await Promise.all(
      numbers.map(async (n) => confirmedBy(await destinations.push(at(n), first, context))),
    );
    await cluster.down();
    for (const n of numbers)
      expect(await destinations.push(at(n), second, { ...context, known: made[n]! })).toMatchObject({
        outcome: 'failed',
        class: 'backoff',
      });
    expect(await destinations.push(at(0), second, context)).toMatchObject({ reason: 'Unreachable' });
    await cluster.up();
    for (const n of numbers) {
      const changed = confirmedBy(await destinations.push(at(n), second, { ...context, known: made[n]! }));
      expect(changed).toMatchObject({ objectUid: made[n]!.objectUid, fingerprint: second.fingerprint });
    }
  });
});
