import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clusterProbe } from '../../../lib/adapters/kubernetes/clusterProbe.ts';
import { clusterAccess } from '../../../lib/application/clusters.ts';
import { openCredential } from '../../../lib/application/credentials.ts';
import { clusterDecider, clusterStream } from '../../../lib/domain/cluster.ts';
import { credentialDecider, credentialStream } from '../../../lib/domain/credential.ts';
import { type TestApi, testApi } from '../../support/api.ts';
import { makeAuthority } from '../../support/authority.ts';

const newSecret = () => randomBytes(24).toString('base64url');

describe('resources over HTTP', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi();
    await api.putTeam('web');
  });
  afterEach(() => api.close());

  const put = (path: string, json: unknown) => api.send('PUT', path, { json });
  const get = (path: string) => api.send('GET', path);

  describe('credentials', () => {
    const PATH = '/v1/teams/web/credentials/tsig';

    test('show which values they have, and the values to nobody but the application', async () => {
      const [secret, other] = [newSecret(), newSecret()];
      const created = await put(PATH, { data: { secret, other } });
      expect(created.status).toBe(201);
      expect(created.json).toMatchObject({ owner: 'web', name: 'tsig', kind: 'Opaque', fields: ['other', 'secret'] });
      await api.projected();
      const shown = [created, await get(PATH), await get('/v1/teams/web/credentials')].map(({ body }) => body);
      const kept = JSON.stringify(await api.services.store.commits(credentialStream('web', 'tsig')));
      for (const place of [...shown, kept, JSON.stringify(api.logged)]) {
        expect(place).not.toContain(secret);
        expect(place).not.toContain(other);
      }
      expect(await openCredential(api.services, 'web', { name: 'tsig', key: 'secret' })).toBe(secret);
    });

    test('with equal values stay as they are; with others the old ones are purged', async () => {
      const data = { secret: newSecret() };
      await put(PATH, { data });
      const refOf = async () =>
        (await api.services.ledger.load(credentialDecider, credentialStream('web', 'tsig'))).state.ref!;
      const first = await refOf();
      expect((await put(PATH, { data })).headers.etag).toBe('"1"');
      const next = { secret: newSecret() };
      const changed = await put(PATH, { data: next });
      expect([changed.status, changed.headers.etag]).toEqual([200, '"2"']);
      expect(await api.services.vault.open(first, 'web')).toBeUndefined();
      expect(await openCredential(api.services, 'web', { name: 'tsig' })).toBe(next.secret);
      const second = await refOf();
      expect((await api.send('DELETE', PATH)).status).toBe(204);
      expect(await api.services.vault.open(second, 'web')).toBeUndefined();
      expect((await get(PATH)).json.code).toBe('CredentialNotFound');
    });

    test('of the shared issuers are apart from those of teams', async () => {
      await put('/v1/clustercredentials/tsig', { data: { secret: newSecret() } });
      expect((await get(PATH)).status).toBe(404);
      expect((await get('/v1/clustercredentials/tsig')).json.owner).toBe('-');
    });

    test.each([[{ data: {} }], [{ data: { 'a b': 'x' } }], [{ data: { a: '' } }], [{ data: { a: 7 } }], [{}]])(
      '%o are refused',
      async (json) => {
        expect((await put(PATH, json)).json).toMatchObject({ status: 422, code: 'InvalidInput' });
      },
    );

    test('that are refused are not repeated in the answer', async () => {
      const secret = newSecret();
      const { body } = await put(PATH, { data: { key: secret, 'b d': secret }, extra: secret });
      expect(body).not.toContain(secret);
    });
  });

  describe('clusters', () => {
    const PATH = '/v1/clusters/prod';
    const parts = async () => {
      const { certPem } = await makeAuthority('Cluster CA');
      return { server: 'https://192.0.2.1:6443', ca: certPem, token: newSecret() };
    };

    test('are registered, and what gives access is sealed for the application alone', async () => {
      const access = await parts();
      const created = await put(PATH, access);
      expect(created.status).toBe(201);
      expect(created.json).toMatchObject({ name: 'prod', server: access.server });
      expect(created.json.status.conditions).toMatchObject([{ type: 'Reachable', status: 'Unknown' }]);
      await api.projected();
      const shown = [created, await get(PATH), await get('/v1/clusters')].map(({ body }) => body);
      const kept = JSON.stringify(await api.services.store.commits(clusterStream('prod')));
      for (const place of [...shown, kept]) expect(place).not.toContain(access.token);
      expect(await clusterAccess(api.services, 'prod')).toEqual(access);
    });

    test('of EKS are known by their name and a role, without any credential', async () => {
      const { token: _, ...access } = await parts();
      const roleArn = 'arn:aws:iam::111122223333:role/clusters';
      const eks = { name: 'prod-1', region: 'eu-central-1', roleArn };
      expect((await put(PATH, { ...access, eks })).status).toBe(201);
      expect(await clusterAccess(api.services, 'prod')).toEqual({ ...access, eks });
      for (const [member, value, code] of [
        ['region', 'moon', 'InvalidRegion'],
        ['roleArn', 'clusters', 'InvalidRoleArn'],
      ]) {
        const refused = await put('/v1/clusters/other', { ...access, eks: { ...eks, [member!]: value } });
        expect(refused.json).toMatchObject({ status: 422, code, field: `eks.${member}` });
      }
      const probe = clusterProbe({ http: { request: () => Promise.reject(new Error('it was asked')) } as never });
      await expect(probe.probe({ ...access, eks })).rejects.toMatchObject({ code: 'EksNotServed' });
    });

    test('with equal access stay as they are; with other access the old one is purged', async () => {
      const access = await parts();
      await put(PATH, access);
      const refOf = async () =>
        (await api.services.ledger.load(clusterDecider, clusterStream('prod'))).state.credentialRef;
      const first = await refOf();
      expect((await put(PATH, access)).headers.etag).toBe('"1"');
      expect((await put(PATH, { ...access, token: newSecret() })).headers.etag).toBe('"2"');
      expect(await api.services.vault.open(first, '-')).toBeUndefined();
      expect((await api.send('DELETE', PATH)).status).toBe(204);
      expect((await get(PATH)).json).toMatchObject({ status: 404, code: 'ClusterUnknown' });
    });

    test('are taken from a kubeconfig with inline data, and refused with any other', async () => {
      const { server, ca, token } = await parts();
      const kubeconfig = (user: object) =>
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Config',
          'current-context': 'c',
          contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
          clusters: [
            { name: 'k', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } },
          ],
          users: [{ name: 'u', user }],
        });
      expect((await put(PATH, { kubeconfig: kubeconfig({ token }) })).status).toBe(201);
      expect((await clusterAccess(api.services, 'prod')).token).toBe(token);
      const exec = await put('/v1/clusters/other', { kubeconfig: kubeconfig({ exec: { command: 'sh' } }) });
      expect(exec.json).toMatchObject({ status: 422, code: 'KubeconfigNotInline' });
    });

    test.each([
      [{}],
      [{ kubeconfig: 'a: b', server: 'https://a.example' }],
      [{ server: 'http://a.example', ca: 'x', token: 'y' }],
      [{ server: 'https://a.example', token: 'y' }],
    ])('%o are refused', async (json) => {
      expect((await put(PATH, json)).json.status).toBe(422);
    });
  });

  describe('teams', () => {
    test('are made with the default policy, changed, and deleted when they are empty', async () => {
      const created = await api.send('PUT', '/v1/teams/new');
      expect(created.status).toBe(201);
      expect(created.json).toMatchObject({
        name: 'new',
        policyVersion: 1,
        policy: { destinations: ['*/new/*', 'secretsManager:chancery/new/*'] },
      });
      expect((await put('/v1/teams/new', {})).status).toBe(200);
      const changed = await put('/v1/teams/new', { policy: { names: ['**.Example.COM'], quota: 2 } });
      expect(changed.json).toMatchObject({ policyVersion: 2, policy: { names: ['**.example.com'], quota: 2 } });
      await put('/v1/teams/new/issuers/own', { spec: { selfSigned: {} } });
      const spec = { dnsNames: ['a.example.com'], issuerRef: { name: 'own' } };
      expect((await put('/v1/teams/new/certificates/a', { spec })).status).toBe(201);
      await api.projected();
      expect((await api.send('DELETE', '/v1/teams/new')).json).toMatchObject({ status: 409, code: 'TeamInUse' });
      await api.send('DELETE', '/v1/teams/new/certificates/a');
      await api.projected();
      expect((await api.send('DELETE', '/v1/teams/new')).status).toBe(204);
      expect((await get('/v1/teams/new')).json).toMatchObject({ status: 404, code: 'TeamNotFound' });
    });

    test.each(['-', 'cert-manager'])('are not called %s, which means what is shared', async (name) => {
      expect((await put(`/v1/teams/${name}`, {})).json).toMatchObject({ status: 422, code: 'TeamNameReserved' });
      expect((await api.send('DELETE', `/v1/teams/${name}`)).json.code).toBe('TeamNameReserved');
    });

    test.each([
      [{ names: ['a*b.test'] }, 'InvalidPattern'],
      [{ quota: -1 }, 'InvalidValue'],
      [{ keys: ['RSA-1024'] }, 'InvalidValue'],
      [{ name: ['**'] }, 'UnknownField'],
    ])('with the policy %o are refused', async (policy, code) => {
      const { json } = await put('/v1/teams/web', { policy });
      expect([json.status, json.errors[0].code]).toEqual([422, code]);
    });
  });

  describe('tokens', () => {
    test.each([
      [{ team: 'web', verbs: [], expiresIn: '1h' }],
      [{ team: 'web', verbs: ['all'], expiresIn: '1h' }],
      [{ team: 'web', verbs: ['read'], expiresIn: '10y' }],
      [{ team: 'web', verbs: ['read'], expiresIn: '1s' }],
      [{ team: 'Web!', verbs: ['read'], expiresIn: '1h' }],
      [{ team: 'web', verbs: ['read'] }],
    ])('%o are refused', async (json) => {
      expect((await api.send('POST', '/v1/tokens', { json })).json).toMatchObject({
        status: 422,
        code: 'InvalidInput',
      });
    });

    test('are for teams that are there', async () => {
      const json = { team: 'wbe', verbs: ['read'], expiresIn: '1h' };
      const answer = await api.send('POST', '/v1/tokens', { json });
      expect(answer.json).toMatchObject({ status: 422, code: 'TeamNotFound', field: 'team' });
    });

    test('that nobody issued are 404', async () => {
      expect((await get('/v1/tokens/0123')).json.code).toBe('TokenNotFound');
      expect((await api.send('DELETE', '/v1/tokens/0123')).json.code).toBe('TokenNotFound');
    });
  });

  describe('lists', () => {
    beforeEach(async () => {
      await api.putIssuer('web', 'own', { selfSigned: {} });
      await api.putIssuer('web', 'other', { selfSigned: {} });
      for (const name of ['a', 'b', 'c', 'd', 'e']) {
        const spec = { dnsNames: [`${name}.example.test`], issuerRef: { name: name === 'c' ? 'other' : 'own' } };
        await put(`/v1/teams/web/certificates/${name}`, { spec });
      }
      await api.projected();
    });

    const LIST = '/v1/teams/web/certificates';
    const names = (answer: { json: { items: { name: string }[] } }) => answer.json.items.map(({ name }) => name);

    test('are read page by page with opaque cursors', async () => {
      const pages: string[][] = [];
      let cursor: string | undefined;
      do {
        const answer = await get(`${LIST}?limit=2${cursor ? `&cursor=${cursor}` : ''}`);
        pages.push(names(answer));
        cursor = answer.json.cursor;
      } while (cursor);
      expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    });

    test.each([
      ['issuer=other', ['c']],
      ['issuer=own&limit=1', ['a']],
      ['dnsName=D.example.test', ['d']],
      ['q=b.exam', ['b']],
      ['q=E', ['a', 'b', 'c', 'd', 'e']],
      ['ready=false', ['a', 'b', 'c', 'd', 'e']],
      ['ready=true', []],
      ['expiringBefore=2100-01-01T00:00:00Z', []],
    ])('%s narrows them', async (query, expected) => {
      expect(names(await get(`${LIST}?${query}`))).toEqual(expected);
    });

    test('show nothing of other teams', async () => {
      await api.putTeam('mail');
      expect(names(await get('/v1/teams/mail/certificates'))).toEqual([]);
      expect(names(await get('/v1/certificates'))).toEqual(['a', 'b', 'c', 'd', 'e']);
    });
  });
});
