import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseManifests } from '../../../lib/application/manifests/parseManifests.ts';
import { type TestApi, testApi } from '../../support/api.ts';

const issuer = { kind: 'Issuer', team: 'web', name: 'own', spec: { selfSigned: {} } };
const certificate = (name: string, more: object = {}) => ({
  kind: 'Certificate',
  team: 'web',
  name,
  spec: { dnsNames: [`${name}.example.test`], issuerRef: { name: 'own' }, ...more },
});

describe('a batch', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ directoryRoots: ['/srv/tls'] });
    await api.putTeam('web', { destinations: ['directory:/**'], quota: 2 });
  });
  afterEach(() => api.close());

  const apply = (resources: readonly object[], query = '') =>
    api.send('POST', `/v1/apply${query}`, { json: { resources } });
  const outcomes = (answer: { json: { resources: { outcome: string }[] } }) =>
    answer.json.resources.map(({ outcome }) => outcome);
  const exists = async (name: string) => (await api.send('GET', `/v1/teams/web/certificates/${name}`)).status === 200;

  test('is applied whole, and its issuers count as there whatever the order', async () => {
    const answer = await apply([certificate('a'), issuer, certificate('b')]);
    expect(answer.status).toBe(200);
    expect(answer.json.resources).toMatchObject([
      { kind: 'Certificate', team: 'web', name: 'a', outcome: 'created', version: 1 },
      { kind: 'Issuer', team: 'web', name: 'own', outcome: 'created' },
      { kind: 'Certificate', name: 'b', outcome: 'created' },
    ]);
    expect(outcomes(await apply([certificate('a'), issuer, certificate('b', { duration: '48h' })]))).toEqual([
      'unchanged',
      'unchanged',
      'configured',
    ]);
  });

  test('with one bad resource changes nothing, and all that is wrong is told with its place in the file', async () => {
    const answer = await apply([
      { ...issuer, document: 1, line: 1 },
      { ...certificate('a'), document: 2, line: 8 },
      { ...certificate('b', { dnsNames: ['b_.test'], duration: '1m' }), document: 3, line: 20 },
      { ...certificate('c', { dnsNames: ['c.example.com'] }), document: 4, line: 33 },
    ]);
    expect(answer.json).toMatchObject({ status: 422, code: 'InvalidInput' });
    expect(answer.json.errors).toMatchObject([
      { field: 'resources[2].spec.dnsNames[0]', code: 'UnderscoreInName', document: 3, line: 20 },
      { field: 'resources[2].spec.duration', code: 'DurationTooShort', document: 3, line: 20 },
      { field: 'resources[3].spec.dnsNames[0]', code: 'NameNotAllowed', document: 4, line: 33 },
    ]);
    expect(await exists('a')).toBe(false);
    expect((await api.send('GET', '/v1/teams/web/issuers/own')).status).toBe(404);
  });

  test('is judged in a dry run, which changes nothing', async () => {
    const answer = await apply([issuer, certificate('a')], '?dryRun=true');
    expect(outcomes(answer)).toEqual(['created', 'created']);
    expect(await exists('a')).toBe(false);
    expect((await apply([certificate('a')], '?dryRun=true')).json.errors[0].code).toBe('IssuerNotFound');
  });

  test('counts its own certificates against the quota', async () => {
    const answer = await apply([issuer, certificate('a'), certificate('b'), certificate('c')]);
    expect(answer.json.errors).toMatchObject([{ field: 'resources[3]', code: 'QuotaReached' }]);
    expect(await exists('a')).toBe(false);
  });

  test('with the same resource or the same destination twice is refused', async () => {
    expect((await apply([issuer, { ...issuer }])).json.errors).toMatchObject([
      { field: 'resources[1].name', code: 'DuplicateResource' },
    ]);
    const destinations = [{ directory: '/srv/tls/a' }];
    const twice = await apply([issuer, certificate('a', { destinations }), certificate('b', { destinations })]);
    expect(twice.json.errors).toMatchObject([{ field: 'resources[2].spec.destinations[0]', code: 'DestinationTaken' }]);
  });

  test('checks solvers against the issuer that it brings', async () => {
    const acme = { server: 'https://ca.example/dir', solvers: [{ http01: {} }] };
    const answer = await apply([{ ...issuer, spec: { acme } }, certificate('a', { dnsNames: ['*.example.test'] })]);
    expect(answer.json.errors).toMatchObject([{ code: 'WildcardNeedsDns01' }]);
  });

  test('needs a token for every team that it names, and an administrator for what is shared', async () => {
    await api.putTeam('mail');
    const token = await api.token('web', 'write');
    const send = (resources: object[]) => api.send('POST', '/v1/apply', { token, json: { resources } });
    expect((await send([issuer, certificate('a')])).status).toBe(200);
    expect((await send([{ ...issuer, team: 'mail' }])).json.code).toBe('TokenOfAnotherTeam');
    const shared = { kind: 'ClusterIssuer', name: 'ca', spec: { selfSigned: {} } };
    expect((await send([shared])).status).toBe(403);
    expect((await send([{ ...issuer, team: 'cert-manager' }])).status).toBe(403);
    expect((await apply([shared, { ...issuer, team: 'cert-manager' }])).status).toBe(200);
    expect((await api.send('GET', '/v1/clusterissuers/own')).status).toBe(200);
  });

  test.each([
    [[]],
    [[{ kind: 'Secret', name: 'a', spec: {} }]],
    [[{ kind: 'Issuer', name: 'a', spec: {} }]],
    [[{ ...issuer, name: 'A B' }]],
    [[{ ...issuer, kind: 'ClusterIssuer' }]],
  ])('of %o is refused', async (resources) => {
    const { status } = await apply(resources);
    expect([403, 422]).toContain(status);
  });

  test('is what the reading of manifests answers: a root, a CA and a leaf of cert-manager in one file', async () => {
    const manifests = parseManifests(`
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: selfsigned }
spec: { selfSigned: {} }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: root, namespace: cert-manager }
spec:
  isCA: true
  commonName: Test Root
  secretName: root
  issuerRef: { name: selfsigned, kind: ClusterIssuer }
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: ca }
spec: { ca: { secretName: root } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: leaf, namespace: web }
spec:
  secretName: leaf
  dnsNames: [leaf.example.test]
  issuerRef: { name: ca, kind: ClusterIssuer }
`);
    const answer = await apply(manifests);
    expect(answer.status).toBe(200);
    expect(outcomes(answer)).toEqual(['created', 'created', 'created', 'created']);
    expect((await api.send('GET', '/v1/teams/-/certificates/root')).json.spec).toMatchObject({
      isCA: true,
      privateKey: { algorithm: 'RSA', size: 2048 },
    });
    expect(outcomes(await apply(manifests))).toEqual(['unchanged', 'unchanged', 'unchanged', 'unchanged']);
  });
});
