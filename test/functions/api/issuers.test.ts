import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accountDecider, accountStream } from '../../../lib/domain/account.ts';
import { issuerDecider, issuerStream } from '../../../lib/domain/issuer.ts';
import { type TestApi, testApi } from '../../support/api.ts';

describe('issuers over HTTP', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi();
    await api.putTeam('web');
  });
  afterEach(() => api.close());

  const put = (path: string, json: unknown) => api.send('PUT', path, { json });
  const get = (path: string) => api.send('GET', path);

  test('of a team and shared ones are configured, shown, listed and deleted', async () => {
    for (const [path, owner, kind] of [
      ['/v1/teams/web/issuers', 'web', 'Issuer'],
      ['/v1/clusterissuers', '-', 'ClusterIssuer'],
    ]) {
      const created = await put(`${path}/own`, { spec: { selfSigned: {} } });
      expect([created.status, created.headers.etag]).toEqual([201, '"1"']);
      expect(created.json).toMatchObject({ owner, kind, name: 'own', type: 'selfSigned', generation: 1 });
      expect((await put(`${path}/own`, { spec: { selfSigned: {} } })).status).toBe(200);
      await api.projected();
      expect((await get(path!)).json.items).toEqual([created.json]);
      expect((await api.send('DELETE', `${path}/own`)).status).toBe(204);
      expect((await get(`${path}/own`)).json).toMatchObject({ status: 404, code: 'IssuerNotFound' });
      expect((await api.send('DELETE', `${path}/own`)).json.code).toBe('IssuerNotFound');
    }
  });

  test('have their account take another key when they have one; twice is once', async () => {
    const { ledger } = api.services;
    const acme = { server: 'https://ca.test/dir', profile: 'default', solvers: [{ http01: {} }] };
    await put('/v1/teams/web/issuers/own', { spec: { selfSigned: {} } });
    await put('/v1/teams/web/issuers/ca', { spec: { acme } });
    const rekey = (name: string, sent = {}) => api.send('POST', `/v1/teams/web/issuers/${name}/rekey`, sent);
    expect((await rekey('none')).json).toMatchObject({ status: 404, code: 'IssuerNotFound' });
    expect((await rekey('own')).json).toMatchObject({ status: 409, code: 'IssuerNotAcme' });
    expect((await rekey('ca')).json).toMatchObject({ status: 409, code: 'AccountNotRegistered' });
    const [stream, meta] = [accountStream('web/ca'), { actor: 'test' }];
    const registered = { server: acme.server, accountUrl: 'https://ca.test/1', contact: [] };
    await ledger.handle(accountDecider, stream, { type: 'RecordKey', keyRef: 'k', thumbprint: 't' }, meta);
    await ledger.handle(accountDecider, stream, { type: 'RecordRegistered', ...registered }, meta);
    for (const _ of [1, 2]) {
      const { status, json } = await rekey('ca');
      expect([status, json.status.account]).toEqual([
        202,
        {
          url: 'https://ca.test/1',
          keyThumbprint: 't',
          keyChange: { status: 'pending', requestedAt: expect.any(String) },
        },
      ]);
    }
    expect((await ledger.load(accountDecider, stream)).version).toBe(3);
    expect((await rekey('ca', { token: await api.token('web', 'read') })).status).toBe(403);
  });

  test("show their readiness in cert-manager's words", async () => {
    await put('/v1/teams/web/issuers/ca', { spec: { ca: { secretName: 'root' } } });
    const condition = async () => (await get('/v1/teams/web/issuers/ca')).json.status.conditions[0];
    expect(await condition()).toMatchObject({ type: 'Ready', status: 'Unknown', reason: 'Checking' });
    const record = (more: object) =>
      api.services.ledger.handle(
        issuerDecider,
        issuerStream('web', 'ca'),
        { type: 'RecordReadiness', generation: 1, ...more } as never,
        { actor: 'test' },
      );
    await record({ ready: false, reason: 'CaNotFound', message: 'there is none' });
    expect(await condition()).toMatchObject({ status: 'False', reason: 'CaNotFound', message: 'there is none' });
    await record({ ready: true });
    expect(await condition()).toMatchObject({ status: 'True', reason: 'KeyPairVerified' });
  });

  test.each([
    [{ spec: {} }, 'IssuerTypeMissing'],
    [{ spec: { selfSigned: {}, ca: { secretName: 'a' } } }, 'IssuerTypeTwice'],
    [{ spec: { vault: {} } }, 'UnsupportedField'],
    [{ spec: { acme: { server: 'http://ca.example/dir' } } }, 'InvalidUrl'],
    [
      { spec: { acme: { server: 'https://ca.example/dir', solvers: [{ dns01: { cloudflare: {} } }] } } },
      'UnsupportedField',
    ],
  ])('%o are refused', async (json, code) => {
    const answer = await put('/v1/teams/web/issuers/bad', json);
    expect(answer.status).toBe(422);
    expect(answer.json.errors.map((error: { code: string }) => error.code)).toContain(code);
  });

  test('stand in for another, and once: not for themselves', async () => {
    const to = (...names: string[]) => ({
      spec: { selfSigned: {}, failover: { to: names.map((name) => ({ name, kind: 'ClusterIssuer' })) } },
    });
    const unfit = { status: 422, json: { code: 'StandInUnfit' } };
    expect(await put('/v1/clusterissuers/a', to('a'))).toMatchObject({
      ...unfit,
      json: { field: 'spec.failover.to[0]', detail: expect.stringContaining('it cannot stand in for itself') },
    });
    expect(await put('/v1/clusterissuers/a', to('b', 'c', 'b'))).toMatchObject({
      ...unfit,
      json: { field: 'spec.failover.to[2]' },
    });
    const resources = [{ kind: 'ClusterIssuer', name: 'a', ...to('a') }];
    expect((await api.send('POST', '/v1/apply', { json: { resources } })).json.errors).toMatchObject([
      { code: 'StandInUnfit', field: 'resources[0].spec.failover.to[0]' },
    ]);
    // Another owner's issuer of the same name is another issuer.
    expect((await put('/v1/teams/web/issuers/a', to('a'))).status).toBe(201);
  });

  test('that name a stand-in which is not there, or shares without effect, are taken with a warning', async () => {
    const warnings = async (path: string, spec: object) => (await put(path, { spec })).json.warnings;
    const to = (name: string, kind?: string) => ({ selfSigned: {}, failover: { to: [{ name, kind }] } });
    expect(await warnings('/v1/clusterissuers/a', to('b', 'ClusterIssuer'))).toMatchObject([
      { code: 'StandInNotFound', field: 'spec.failover.to[0]' },
    ]);
    expect(await warnings('/v1/clusterissuers/b', to('a', 'ClusterIssuer'))).toBeUndefined();
    expect((await get('/v1/clusterissuers/a')).json.warnings).toBeUndefined();
    // Without a kind it is the team's own, which is seldom what an operator means.
    expect(await warnings('/v1/clusterissuers/c', to('a'))).toMatchObject([
      { message: expect.stringContaining('write kind: ClusterIssuer') },
    ]);
    const acme = (rateLimits: object) => ({ acme: { server: 'https://ca.example/dir', rateLimits } });
    const teamShares = { web: { newOrders: '70%' }, blog: { newOrders: '60%' } };
    const path = '/v1/clusterissuers/d';
    expect(await warnings(path, acme({ teamShares }))).toMatchObject([{ code: 'ShareWithoutLimit' }]);
    const newOrders = { count: 10, period: '1h' };
    expect(await warnings(path, acme({ newOrders, teamShares }))).toMatchObject([
      { code: 'SharesOverWhole', message: expect.stringContaining('13 together, of 10') },
    ]);
    expect(await warnings(path, acme({ newOrders, teamShares: { web: { newOrders: '70%' } } }))).toBeUndefined();
    const resources = [
      { kind: 'ClusterIssuer', name: 'x', spec: to('y', 'ClusterIssuer') },
      { kind: 'ClusterIssuer', name: 'y', spec: to('gone', 'ClusterIssuer') },
    ];
    for (const query of ['?dryRun=true', '']) {
      const applied = (await api.send('POST', `/v1/apply${query}`, { json: { resources } })).json.resources;
      expect(applied[0].warnings).toBeUndefined();
      expect(applied[1].warnings).toMatchObject([{ code: 'StandInNotFound' }]);
    }
  });

  test('of a team name a role of its own for Route 53, or a zone of its policy; shared ones need not', async () => {
    const spec = (route53: object) => ({
      spec: { acme: { server: 'https://ca.example/dir', solvers: [{ dns01: { route53 } }] } },
    });
    const path = '/v1/teams/web/issuers/dns';
    const refused = await put(path, spec({ hostedZoneID: 'Z1' }));
    expect(refused.json).toMatchObject({
      status: 403,
      code: 'ServiceRoleNotAllowed',
      field: 'spec.acme.solvers[0].dns01.route53',
    });
    expect((await get(path)).status).toBe(404);
    const resources = [{ kind: 'Issuer', team: 'web', name: 'dns', ...spec({}) }];
    expect((await api.send('POST', '/v1/apply', { json: { resources } })).json.errors).toMatchObject([
      { code: 'ServiceRoleNotAllowed', field: 'resources[0].spec.acme.solvers[0].dns01.route53' },
    ]);
    expect((await put('/v1/clusterissuers/dns', spec({}))).status).toBe(201);
    expect((await put(path, spec({ role: 'arn:aws:iam::111122223333:role/dns' }))).status).toBe(201);
    const zones = { policy: { route53Zones: ['Z1'] } };
    expect((await put('/v1/teams/web', zones)).json.policy).toMatchObject(zones.policy);
    expect((await put(path, spec({ hostedZoneID: 'Z1' }))).status).toBe(200);
    expect((await put('/v1/teams/web', { policy: { route53Zones: ['example.com'] } })).json.errors).toMatchObject([
      { field: 'policy.route53Zones[0]' },
    ]);
  });

  test('need their team', async () => {
    expect((await put('/v1/teams/none/issuers/own', { spec: { selfSigned: {} } })).json.code).toBe('TeamNotFound');
  });
});
