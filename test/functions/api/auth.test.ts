import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OidcOptions } from '../../../functions/api/auth.ts';
import { issueToken } from '../../../lib/application/tokens.ts';
import { Refusal } from '../../../lib/domain/refusal.ts';
import { plusSeconds } from '../../../lib/domain/time.ts';
import type { Verb } from '../../../lib/domain/token.ts';
import { type TestApi, testApi } from '../../support/api.ts';
import { APP, appSpec, webApi } from '../../support/webApi.ts';

const LIST = '/v1/teams/web/certificates';

describe('tokens', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await webApi();
    await api.putTeam('mail');
  });
  afterEach(() => api.close());

  /** Status and code of an answer. */
  const told = async (method: string, path: string, token: string, json?: unknown) => {
    const answer = await api.send(method, path, { token, ...(json !== undefined && { json }) });
    return [answer.status, answer.json?.code];
  };

  test('that are absent are asked for', async () => {
    const answer = await api.send('GET', LIST, { token: '' });
    expect(answer.json).toMatchObject({ status: 401, code: 'TokenMissing' });
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="chancery"');
    const basic = await api.send('GET', LIST, { token: '', headers: { authorization: 'Basic YTpi' } });
    expect(basic.json.code).toBe('TokenMissing');
  });

  test('that nobody issued are refused, whatever is wrong with them', async () => {
    const right = await api.token('web', 'read');
    const [, id, secret] = /^chy_([0-9a-f]+)_(.+)$/.exec(right)!;
    const other = await api.token('web', 'read');
    const wrong = [
      'x',
      'chy_',
      `chy_${id}_`,
      `chy_${id}_${secret!.slice(0, -1)}`,
      `chy_${id}_${other.slice(-43)}`,
      `chy_${'0'.repeat(16)}_${secret}`,
      `chy_../team/web_${secret}`,
      `${right}x`,
    ];
    for (const token of wrong) expect(await told('GET', LIST, token), token).toEqual([401, 'TokenInvalid']);
    const answer = await api.send('GET', LIST, { token: 'x' });
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="chancery", error="invalid_token"');
    expect(await told('GET', LIST, right)).toEqual([200, undefined]);
  });

  test('that expired are refused', async () => {
    const { services } = api;
    const expires = plusSeconds(services.clock.now(), -1);
    const { token } = await issueToken(services, { team: 'web', verbs: ['read'], expires });
    expect(await told('GET', LIST, token)).toEqual([401, 'TokenExpired']);
  });

  test('that were revoked are refused from the next request on', async () => {
    const token = await api.token('web', 'read');
    expect(await told('GET', LIST, token)).toEqual([200, undefined]);
    expect((await api.send('DELETE', `/v1/tokens/${token.split('_')[1]}`)).status).toBe(204);
    expect(await told('GET', LIST, token)).toEqual([401, 'TokenRevoked']);
  });

  test('of another team are refused before anything is looked at', async () => {
    const token = await api.token('mail', 'read', 'write');
    expect(await told('GET', LIST, token)).toEqual([403, 'TokenOfAnotherTeam']);
    expect(await told('PUT', APP, token, 'nonsense')).toEqual([403, 'TokenOfAnotherTeam']);
    expect(await told('GET', '/v1/teams/none/certificates', token)).toEqual([403, 'TokenOfAnotherTeam']);
  });

  test('do what their verbs say and nothing else', async () => {
    const read = await api.token('web', 'read');
    const write = await api.token('web', 'write');
    expect(await told('PUT', APP, read, { spec: appSpec })).toEqual([403, 'VerbMissing']);
    expect(await told('PUT', APP, write, { spec: appSpec })).toEqual([201, undefined]);
    expect(await told('GET', APP, write)).toEqual([403, 'VerbMissing']);
    expect(await told('POST', `${APP}/renew`, read)).toEqual([403, 'VerbMissing']);
    expect(await told('DELETE', APP, read)).toEqual([403, 'VerbMissing']);
  });

  const forAdministrators: readonly [method: string, path: string][] = [
    ['PUT', '/v1/teams/web'],
    ['DELETE', '/v1/teams/web'],
    ['PUT', '/v1/clusters/prod'],
    ['POST', '/v1/tokens'],
    ['GET', '/v1/tokens'],
    ['PUT', '/v1/clusterissuers/ca'],
    ['GET', '/v1/clustercredentials'],
    ['GET', '/v1/teams/-/certificates'],
    ['PUT', '/v1/teams/-/certificates/root'],
    ['GET', '/v1/teams/-/credentials/tsig'],
  ];

  test.each(forAdministrators)('%s %s is for administrators', async (method, path) => {
    const team = await api.token('web', 'read', 'write', 'key');
    const every = await api.token('*', 'read', 'write', 'key');
    expect((await told(method, path, team))[0]).toBe(403);
    expect(await told(method, path, every)).toEqual([403, 'VerbMissing']);
    expect([401, 403]).not.toContain((await told(method, path, api.admin))[0]);
  });

  test('for every team read every team, and see all teams; others see their own', async () => {
    await api.projected();
    const every = await api.token('*', 'read');
    expect(await told('GET', '/v1/certificates', every)).toEqual([200, undefined]);
    const names = async (token: string) =>
      (await api.send('GET', '/v1/teams', { token })).json.items.map(({ name }: { name: string }) => name);
    expect(await names(every)).toEqual(['mail', 'web']);
    expect(await names(await api.token('mail', 'read'))).toEqual(['mail']);
  });

  test('of any team see the shared issuers, which their certificates name', async () => {
    expect(await told('GET', '/v1/clusterissuers', await api.token('mail', 'read'))).toEqual([200, undefined]);
  });

  test('of a team never hold the verb admin', async () => {
    const json = { team: 'web', verbs: ['admin'], expiresIn: '1h' };
    expect((await api.send('POST', '/v1/tokens', { json })).json).toMatchObject({
      status: 422,
      code: 'AdminNeedsEveryTeam',
    });
  });

  test('are shown once; what is kept and listed holds no secret', async () => {
    const json = { team: 'web', verbs: ['read'], expiresIn: '1h', description: 'for CI' };
    const { status, json: issued, headers } = await api.send('POST', '/v1/tokens', { json });
    expect(status).toBe(201);
    expect(issued).toMatchObject({ team: 'web', status: 'live', description: 'for CI' });
    const secret = issued.token.slice(-43);
    await api.projected();
    const shown = [await api.send('GET', '/v1/tokens'), await api.send('GET', headers.location!)];
    const kept = await api.services.store.commits(`token/${issued.id}`);
    expect(shown.map(({ status: code }) => code)).toEqual([200, 200]);
    for (const place of [...shown.map(({ body }) => body), JSON.stringify(kept), JSON.stringify(api.logged)]) {
      expect(place).not.toContain(secret);
    }
  });

  test('are not needed for health, readiness, version and the API description', async () => {
    for (const path of ['/healthz', '/readyz', '/version', '/openapi.json']) {
      expect(await told('GET', path, '')).toEqual([200, undefined]);
    }
  });
});

describe('tokens of an OIDC issuer', () => {
  const jwt = 'e30.e30.c2ln';
  const opened: TestApi[] = [];
  afterEach(async () => {
    for (const api of opened.splice(0)) await api.close();
  });

  /** The provider stands in for the real one, which has tests of its own: it answers fixed claims. */
  async function withClaims(claims: object, more: Partial<OidcOptions> = {}): Promise<TestApi> {
    const provider = { verify: async () => ({ sub: 'ada', ...claims }) };
    const api = await testApi({ oidc: { provider, ...more } });
    opened.push(api);
    await api.putTeam('web');
    return api;
  }

  const status = async (api: TestApi, method: string, path: string) =>
    (await api.send(method, path, { token: jwt })).status;

  test.each<[claims: object, verbs: readonly Verb[]]>([
    [{ chancery_team: 'web', chancery_verbs: 'read write' }, ['read', 'write']],
    [{ chancery_team: ['mail', 'web'], chancery_verbs: ['read'] }, ['read']],
    [{ chancery_team: '*', chancery_verbs: ['admin', 'nonsense', 7] }, ['read', 'write']],
    [{ chancery_team: 'web' }, []],
    [{ chancery_verbs: 'read write admin' }, []],
    [{ chancery_team: 'mail', chancery_verbs: 'read write' }, []],
  ])('with claims %o may %o for the team', async (claims, verbs) => {
    const api = await withClaims(claims);
    expect((await status(api, 'GET', LIST)) === 200).toBe(verbs.includes('read'));
    expect((await status(api, 'DELETE', APP)) === 404).toBe(verbs.includes('write'));
  });

  test('may say team and verbs by claims of other names', async () => {
    const claims = { 'https://example.com/team': 'web', roles: 'read' };
    const api = await withClaims(claims, { teamClaim: 'https://example.com/team', verbsClaim: 'roles' });
    expect(await status(api, 'GET', LIST)).toBe(200);
  });

  test('act on the ledger under their subject', async () => {
    const api = await withClaims({ chancery_team: 'web', chancery_verbs: 'write' });
    await api.putIssuer('web', 'own', { selfSigned: {} });
    await api.send('PUT', APP, { token: jwt, json: { spec: appSpec } });
    const [commit] = await api.services.store.commits('certificate/web/app');
    expect(commit!.actor).toBe('oidc:ada');
  });

  test('that the provider refuses are refused, and tokens of ours go on', async () => {
    const refuse = async () => {
      throw new Refusal('TokenExpired', 'the token expired');
    };
    const api = await testApi({ oidc: { provider: { verify: refuse } } });
    opened.push(api);
    const answer = await api.send('GET', LIST, { token: jwt });
    expect(answer.json).toMatchObject({ status: 401, code: 'TokenExpired' });
    expect((await api.send('GET', '/v1/tokens')).status).toBe(200);
  });

  test('are not known where no issuer is configured', async () => {
    const api = await testApi();
    opened.push(api);
    expect((await api.send('GET', LIST, { token: jwt })).json.code).toBe('TokenInvalid');
  });
});
