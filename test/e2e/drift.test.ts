import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DELIVERIES } from '../../lib/application/projections.ts';
import { deliveryStream } from '../../lib/domain/delivery.ts';
import { type Destination, destinationKey, type KubernetesDestination } from '../../lib/domain/destination.ts';
import {
  type Core,
  eventually,
  putCluster,
  putIssuer,
  putTeam,
  requestCertificate,
  settled,
  specOf,
  startCore,
} from '../support/core.ts';
import { certificatesOf, deliveryOf, eventsOf, movableClock, stuckDelivery } from '../support/issuing.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { kubeMust } from '../support/peers/kubeClient.ts';
import { sharedCluster } from '../support/peers/sharedCluster.ts';
import { tempDir } from '../support/temp.ts';

const TEAM = 'shop';

/** The view has it as delivered: what it does not show yet is not looked at. */
const shown = ({ services }: Core, to: Destination) =>
  eventually('the view shows it', async () => {
    const row = await services.views.get(DELIVERIES, destinationKey(to));
    return row?.doc.status === 'confirmed';
  });

describeWith(['kubernetes'], 'what others do to Secrets in a cluster', () => {
  let cluster: Awaited<ReturnType<typeof sharedCluster>>;
  let core: Core;
  let namespace: string;
  const clock = movableClock();

  beforeAll(async () => {
    cluster = await sharedCluster();
    namespace = await cluster.makeNamespace('drift');
    core = await startCore(tempDir('drift'), { decorate: clock.decorate });
    const { services } = core;
    await putTeam(services, TEAM);
    await putCluster(services, 'prod', cluster.kubeconfig());
    await putIssuer(services, TEAM, 'self', { selfSigned: {} });
  });
  afterAll(() => core?.stop());

  const pathOf = ({ secretName }: KubernetesDestination) => `/api/v1/namespaces/${namespace}/secrets/${secretName}`;
  const driftsOf = async (to: KubernetesDestination) =>
    (await eventsOf(core.services, deliveryStream(destinationKey(to)))).filter(({ type }) => type === 'DriftDetected');

  /** A certificate in a Secret of its name, and the view knows. */
  async function delivered(name: string): Promise<KubernetesDestination> {
    const { services } = core;
    const to = { kind: 'kubernetes', cluster: 'prod', namespace, secretName: name } as const;
    const issuerRef = { name: 'self', kind: 'Issuer' } as const;
    const spec = specOf({ dnsNames: [`${name}.internal`], issuerRef, secretName: name, destinations: [to] });
    await requestCertificate(services, TEAM, name, spec);
    await settled(services, TEAM, name);
    await shown(core, to);
    return to;
  }

  /** The next check of the cluster: at the latest an hour and six minutes later. */
  const hourLater = async (): Promise<void> => {
    clock.ahead(4000);
    await core.engine.scan();
  };

  /** The Secret holds the certificate and its key again, as one event and the same revision. */
  async function putRight(to: KubernetesDestination): Promise<void> {
    await eventually('it was noticed', async () => (await driftsOf(to)).length === 1);
    await eventually('it is put right', async () => (await deliveryOf(core.services, to)).status === 'confirmed');
    const { issued } = await settled(core.services, TEAM, to.secretName);
    expect(issued?.revision).toBe(1);
    const secret = await cluster.secret(namespace, to.secretName);
    const [leaf] = certificatesOf(Buffer.from(secret!.data!['tls.crt']!, 'base64').toString('utf8'));
    expect(leaf!.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(issued!.fingerprint);
    const { observed } = await deliveryOf(core.services, to);
    expect([observed?.objectUid, observed?.resourceVersion]).toEqual([
      secret!.metadata.uid,
      secret!.metadata.resourceVersion,
    ]);
  }

  it('a Secret that another client edits comes back', async () => {
    const to = await delivered('edited');
    const before = (await cluster.secret(namespace, 'edited'))!.data;
    const data = { 'tls.key': btoa('another') };
    await kubeMust(cluster.call, 'PATCH', pathOf(to), { data }, 'application/merge-patch+json');
    await hourLater();
    await putRight(to);
    expect((await cluster.secret(namespace, 'edited'))!.data).toEqual(before);
    expect(await driftsOf(to)).toMatchObject([{ found: 'changed', entries: ['tls.key'] }]);
  });

  it('one that another client deletes comes back', async () => {
    const to = await delivered('deleted');
    await kubeMust(cluster.call, 'DELETE', pathOf(to));
    await hourLater();
    await putRight(to);
    expect(await driftsOf(to)).toEqual([{ type: 'DriftDetected', found: 'missing' }]);
  });

  it('one that somebody else made in its place stays theirs, and the delivery is refused', async () => {
    const to = await delivered('foreign');
    await kubeMust(cluster.call, 'DELETE', pathOf(to));
    const body = {
      metadata: { name: 'foreign' },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': btoa('theirs'), 'tls.key': btoa('theirs') },
    };
    await kubeMust(cluster.call, 'POST', `/api/v1/namespaces/${namespace}/secrets`, body);
    const theirs = await cluster.secret(namespace, 'foreign');
    await hourLater();
    await stuckDelivery(core.services, to, 'refused', 'NotOwned');
    expect(await driftsOf(to)).toMatchObject([{ found: 'foreign' }]);
    expect(await cluster.secret(namespace, 'foreign')).toEqual(theirs);
  });

  it('one to which others add labels, annotations and entries is left as it is', async () => {
    const to = await delivered('added');
    const more = { metadata: { labels: { theirs: 'yes' }, annotations: { theirs: 'yes' } }, data: { 'more.txt': '' } };
    await kubeMust(cluster.call, 'PATCH', pathOf(to), more, 'application/merge-patch+json');
    const theirs = await cluster.secret(namespace, 'added');
    const edited = await delivered('noticed');
    await kubeMust(cluster.call, 'DELETE', pathOf(edited));
    await hourLater();
    await putRight(edited);
    expect(await driftsOf(to)).toEqual([]);
    expect(await cluster.secret(namespace, 'added')).toEqual(theirs);
  });
});

describe('what others do to files in a directory', () => {
  it('is put right when the service starts, with the files as they were', async () => {
    const [data, root] = [tempDir('drift-data'), tempDir('drift-files')];
    const path = join(root, 'web');
    const to = { kind: 'directory', path } as const;
    const start = () => startCore(data, { directoryRoots: [root] });
    const files = () => ['tls.crt', 'tls.key'].map((name) => readFileSync(join(path, name), 'utf8'));
    const delivery = deliveryStream(destinationKey(to));
    let core = await start();
    try {
      await putTeam(core.services, TEAM);
      await putIssuer(core.services, TEAM, 'self', { selfSigned: {} });
      const issuerRef = { name: 'self', kind: 'Issuer' } as const;
      await requestCertificate(
        core.services,
        TEAM,
        'web',
        specOf({ dnsNames: ['web.test'], issuerRef, destinations: [to] }),
      );
      await settled(core.services, TEAM, 'web');
      await shown(core, to);
      const before = files();
      await core.stop();
      writeFileSync(join(path, 'tls.key'), 'another');
      core = await start();
      await eventually('it was noticed', async () =>
        (await eventsOf(core.services, delivery)).some(({ type }) => type === 'DriftDetected'),
      );
      await settled(core.services, TEAM, 'web');
      expect(files()).toEqual(before);
      const drifts = (await eventsOf(core.services, delivery)).filter(({ type }) => type === 'DriftDetected');
      expect(drifts).toMatchObject([{ found: 'changed', entries: ['tls.key'] }]);
    } finally {
      await core.stop();
    }
  });
});
