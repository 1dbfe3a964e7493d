import { afterAll, beforeAll, expect, it } from 'vitest';
import { clusterStream } from '../../lib/domain/cluster.ts';
import { deliveryStream } from '../../lib/domain/delivery.ts';
import { destinationKey } from '../../lib/domain/destination.ts';
import { instant } from '../../lib/domain/time.ts';
import { type AwsCore, startAwsCore } from '../support/awsCore.ts';
import { eventually, putCluster, putIssuer, putTeam, requestCertificate, settled, specOf } from '../support/core.ts';
import { eventsOf } from '../support/issuing.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { kubeMust } from '../support/peers/kubeClient.ts';
import { type Ministack, startMinistack } from '../support/peers/ministack.ts';
import { sharedCluster } from '../support/peers/sharedCluster.ts';

const TEAM = 'shop';

describeWith(['ministack', 'kubernetes'], 'a Secret that somebody deletes, with the handlers that Lambda runs', () => {
  let aws: Ministack;
  let core: AwsCore;
  let cluster: Awaited<ReturnType<typeof sharedCluster>>;
  let namespace: string;
  let offset = 0;
  const started: string[] = [];

  beforeAll(async () => {
    aws = await startMinistack();
    cluster = await sharedCluster();
    namespace = await cluster.makeNamespace('drift-aws');
    const clock = { now: () => instant(Date.now() + offset) };
    core = await startAwsCore(aws, { clock, started: (machine) => void started.push(machine) });
    const { services } = core;
    await putTeam(services, TEAM);
    await putCluster(services, 'prod', cluster.kubeconfig());
    await putIssuer(services, TEAM, 'self', { selfSigned: {} });
  });
  afterAll(async () => {
    await core?.stop();
    await aws?.stop();
  });

  it('is found by the scan, delivered again by one execution, and otherwise costs none', async () => {
    const { services } = core;
    const names = ['kept', 'deleted'];
    const to = (name: string) => ({ kind: 'kubernetes', cluster: 'prod', namespace, secretName: name }) as const;
    for (const name of names) {
      const issuerRef = { name: 'self', kind: 'Issuer' } as const;
      const spec = specOf({ dnsNames: [`${name}.internal`], issuerRef, secretName: name, destinations: [to(name)] });
      await requestCertificate(services, TEAM, name, spec);
    }
    for (const name of names) await settled(services, TEAM, name);
    await core.idle();
    const before = started.length;
    /** The next check of the cluster, which the scan has found due and gone through with. */
    const hourLater = async (): Promise<void> => {
      offset += 4_000_000;
      await core.scan();
      await core.idle();
    };
    await hourLater();
    expect(started.length).toBe(before);

    await kubeMust(cluster.call, 'DELETE', `/api/v1/namespaces/${namespace}/secrets/deleted`);
    await hourLater();
    const delivery = (name: string) => deliveryStream(destinationKey(to(name)));
    await eventually('it is there again', async () => cluster.secret(namespace, 'deleted'));
    await settled(services, TEAM, 'deleted');
    expect(started.slice(before)).toEqual(['deliverSecret']);
    const typesOf = async (name: string) => (await eventsOf(services, delivery(name))).map(({ type }) => type);
    const delivered = ['RunBegun', 'DeliveryConfirmed'];
    expect(await typesOf('kept')).toEqual(['DeliveryRequested', ...delivered]);
    expect(await typesOf('deleted')).toEqual(['DeliveryRequested', ...delivered, 'DriftDetected', ...delivered]);
    expect(core.measured.filter(({ metrics }) => metrics.Drifted)).toEqual([{ metrics: { Drifted: 1 } }]);
    // The cluster's stream tells of nothing either: it answered each time.
    expect((await eventsOf(services, clusterStream('prod'))).map(({ type }) => type)).toEqual([
      'ClusterRegistered',
      'ClusterBecameReachable',
    ]);
  });
});
