import { afterAll, beforeAll, expect, it } from 'vitest';
import { kubernetesDestinations } from '../../../lib/adapters/kubernetes/destinations.ts';
import { httpClient } from '../../../lib/adapters/net/client.ts';
import type { HttpClient } from '../../../lib/adapters/net/http.ts';
import type { KubernetesDestination } from '../../../lib/domain/destination.ts';
import type { SecretTemplate } from '../../../lib/domain/spec.ts';
import type { Destinations, PushContext } from '../../../lib/ports/destinations.ts';
import { contentsMaker, type KeyedContents, withoutKey } from '../../support/certificates.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { kubeMust } from '../../support/peers/kubeClient.ts';
import { sharedCluster } from '../../support/peers/sharedCluster.ts';
import { confirmedBy } from '../destinations.ts';

type Cluster = Awaited<ReturnType<typeof sharedCluster>>;
const context: PushContext = { instance: 'here', certificate: 'team/app' };
const base64 = (text: string) => Buffer.from(text).toString('base64');

describeWith(['kubernetes'], 'Secrets in a real cluster', () => {
  let cluster: Cluster;
  let namespace: string;
  let http: HttpClient;
  let requests: string[];
  let destinations: Destinations;
  let first: KeyedContents;
  let second: KeyedContents;

  beforeAll(async () => {
    cluster = await sharedCluster();
    namespace = await cluster.makeNamespace('secrets');
    http = httpClient({ allow: ['127.0.0.1'] });
    const counting: HttpClient = {
      request: (request) => {
        requests.push(request.method);
        return http.request(request);
      },
      close: () => http.close(),
    };
    const token = await cluster.makeToken({ namespace });
    const access = { server: cluster.server, ca: cluster.caPem, token };
    destinations = kubernetesDestinations({ http: counting, lookup: async () => access });
    const maker = await contentsMaker();
    [first, second] = [await maker.make(), await maker.make()];
    requests = [];
  });
  afterAll(() => http?.close());

  let places = 0;
  const place = (more: Partial<KubernetesDestination> = {}): KubernetesDestination => ({
    kind: 'kubernetes',
    cluster: 'one',
    namespace,
    secretName: `secret-${places++}`,
    ...more,
  });
  const secrets = () => `/api/v1/namespaces/${namespace}/secrets`;
  const templated = (template: SecretTemplate) => ({ ...first, template });
  const secret = async (at: KubernetesDestination) => (await cluster.secret(at.namespace, at.secretName))!;
  const patch = (at: KubernetesDestination, body: unknown) =>
    kubeMust(
      cluster.call,
      'PATCH',
      `${secrets()}/${at.secretName}?fieldManager=kubectl-edit`,
      body,
      'application/merge-patch+json',
    );
  const occupy = (at: KubernetesDestination, more: Record<string, unknown> = {}, metadata = {}) =>
    kubeMust(cluster.call, 'POST', `${secrets()}?fieldManager=cert-manager-certificates-issuing`, {
      type: 'kubernetes.io/tls',
      metadata: { name: at.secretName, ...metadata },
      data: { 'tls.crt': base64(second.certificate), 'tls.key': base64(second.key) },
      ...more,
    });

  it('are of type kubernetes.io/tls and say whose they are, whatever a template claims', async () => {
    const at = place();
    const forged = templated({
      annotations: { 'chancery.dev/instance': 'elsewhere', 'chancery.dev/certificate': 'x/y' },
    });
    confirmedBy(await destinations.push(at, forged, context));
    expect(await secret(at)).toMatchObject({
      type: 'kubernetes.io/tls',
      metadata: {
        annotations: {
          'chancery.dev/instance': 'here',
          'chancery.dev/certificate': 'team/app',
          'chancery.dev/fingerprint': first.fingerprint,
        },
        managedFields: [{ manager: 'chancery-here', operation: 'Apply' }],
      },
    });
  });

  it('are written with one request when they are new, and with one when nothing came between', async () => {
    const at = place();
    requests = [];
    const made = confirmedBy(await destinations.push(at, first, context));
    expect(requests).toEqual(['PATCH']);
    confirmedBy(await destinations.push(at, second, { ...context, known: made }));
    expect(requests).toEqual(['PATCH', 'PATCH']);
  });

  it('carry the labels and annotations of the template, and lose those that it drops', async () => {
    const at = place();
    const template = { labels: { app: 'shop', tier: 'edge' }, annotations: { 'cert-manager.io/issuer-name': 'acme' } };
    const made = confirmedBy(await destinations.push(at, templated(template), context));
    expect((await secret(at)).metadata).toMatchObject(template);
    const known = confirmedBy(
      await destinations.push(at, templated({ labels: { app: 'shop' } }), { ...context, known: made }),
    );
    expect((await secret(at)).metadata.labels).toEqual({ app: 'shop' });
    expect((await secret(at)).metadata.annotations).not.toHaveProperty('cert-manager.io/issuer-name');
    confirmedBy(await destinations.push(at, templated({}), { ...context, known }));
    expect((await secret(at)).metadata.labels).toBeUndefined();
  });

  it('keep what others add, and get back the label that another manager changed', async () => {
    const at = place();
    const made = confirmedBy(await destinations.push(at, templated({ labels: { app: 'shop' } }), context));
    await patch(at, { metadata: { labels: { app: 'stolen', extra: 'kept' } } });
    requests = [];
    const again = await destinations.push(at, templated({ labels: { app: 'shop' } }), { ...context, known: made });
    confirmedBy(again);
    expect(requests).toEqual(['PATCH', 'GET', 'PATCH']);
    expect((await secret(at)).metadata.labels).toEqual({ app: 'shop', extra: 'kept' });
  });

  it('that another manager co-owns still change', async () => {
    const at = place();
    confirmedBy(await destinations.push(at, first, context));
    const apply = { apiVersion: 'v1', kind: 'Secret', data: { 'tls.crt': base64(first.certificate) } };
    const url = `${secrets()}/${at.secretName}?fieldManager=argocd`;
    await kubeMust(cluster.call, 'PATCH', url, apply, 'application/apply-patch+yaml');
    const known = confirmedBy(await destinations.push(at, first, context));
    confirmedBy(await destinations.push(at, second, { ...context, known }));
    expect((await secret(at)).data?.['tls.crt']).toBe(base64(second.certificate));
  });

  it('that lost our mark are not ours any more', async () => {
    const at = place();
    const known = confirmedBy(await destinations.push(at, first, context));
    await patch(at, { metadata: { annotations: { 'chancery.dev/instance': null } } });
    const refused = await destinations.push(at, second, { ...context, known });
    expect(refused).toMatchObject({ outcome: 'refused', reason: 'NotOwned' });
  });

  it("of cert-manager are refused with the Certificate's name", async () => {
    const at = place();
    await occupy(
      at,
      {},
      {
        labels: { 'controller.cert-manager.io/fao': 'true' },
        annotations: { 'cert-manager.io/certificate-name': 'shop' },
      },
    );
    const refused = await destinations.push(at, first, context);
    expect(refused).toMatchObject({ outcome: 'refused', reason: 'NotOwned' });
    expect(refused).toHaveProperty('message', expect.stringContaining('cert-manager (Certificate "shop")'));
    expect(refused).toHaveProperty('message', expect.stringContaining('adopt: true'));
  });

  it('without a mark are refused with the field manager that wrote them', async () => {
    const at = place();
    await occupy(at);
    expect(await destinations.push(at, first, context)).toHaveProperty(
      'message',
      expect.stringContaining('"cert-manager-certificates-issuing"'),
    );
  });

  it('are taken over with adopt, and what the former certificate left goes', async () => {
    const at = place({ adopt: true });
    const { ca: _, ...unknownCa } = first;
    const data = {
      'tls.crt': base64(second.certificate),
      'tls.key': base64(second.key),
      'ca.crt': base64('old'),
      'tls-combined.pem': base64('old'),
      'dhparam.pem': base64('kept'),
    };
    await occupy(at, { data }, { labels: { team: 'kept' } });
    const known = confirmedBy(await destinations.push(at, unknownCa, context));
    const adopted = await secret(at);
    expect(adopted.data).toEqual({
      'tls.crt': base64(first.certificate),
      'tls.key': base64(first.key),
      'dhparam.pem': base64('kept'),
    });
    expect(adopted.metadata.labels).toEqual({ team: 'kept' });
    const { adopt: __, ...notAdopting } = at;
    expect(await destinations.push(notAdopting, unknownCa, { ...context, known })).toEqual(known);
  });

  it('of another type are refused, with adopt too', async () => {
    const at = place({ adopt: true });
    await occupy(at, { type: 'Opaque' });
    expect(await destinations.push(at, first, context)).toMatchObject({ outcome: 'refused', reason: 'WrongType' });
  });

  it('that are immutable are refused', async () => {
    const at = place();
    confirmedBy(await destinations.push(at, first, context));
    await patch(at, { immutable: true });
    expect(await destinations.push(at, second, context)).toMatchObject({ outcome: 'refused', reason: 'Immutable' });
  });

  it('that are being deleted are left to go', async () => {
    const at = place();
    confirmedBy(await destinations.push(at, first, context));
    await patch(at, { metadata: { finalizers: ['example.test/hold'] } });
    await kubeMust(cluster.call, 'DELETE', `${secrets()}/${at.secretName}`);
    const held = await destinations.push(at, second, context);
    await patch(at, { metadata: { finalizers: null } });
    expect(held).toMatchObject({ outcome: 'failed', reason: 'BeingDeleted' });
    expect(confirmedBy(await destinations.push(at, second, context)).fingerprint).toBe(second.fingerprint);
  });

  it('without a key have an empty tls.key, which the type demands', async () => {
    const at = place();
    confirmedBy(await destinations.push(at, withoutKey(first), context));
    expect((await secret(at)).data).toMatchObject({ 'tls.key': '' });
  });

  it('with a label that Kubernetes does not take are refused with the field', async () => {
    const refused = await destinations.push(place(), templated({ labels: { 'not a label': 'x' } }), context);
    expect(refused).toMatchObject({ outcome: 'refused', reason: 'Invalid' });
    expect(refused).toHaveProperty('message', expect.stringContaining('metadata.labels'));
  });

  it('are not written over a path that a name smuggles in', async () => {
    requests = [];
    for (const secretName of ['..', '../../configmaps/x', 'a/b', 'A', ''])
      expect(await destinations.push(place({ secretName }), first, context)).toMatchObject({
        outcome: 'refused',
        reason: 'InvalidDestination',
      });
    expect(requests).toEqual([]);
  });

  it('fifty at once are fifty requests', async () => {
    requests = [];
    const results = await Promise.all(Array.from({ length: 50 }, () => destinations.push(place(), first, context)));
    for (const result of results) confirmedBy(result);
    expect(requests).toHaveLength(50);
  });
});
