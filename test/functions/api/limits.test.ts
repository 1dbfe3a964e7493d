import { afterEach, describe, expect, it } from 'vitest';
import { changeBuckets } from '../../../lib/application/limits/buckets.ts';
import { limitMetrics, limitUse } from '../../../lib/application/limits/use.ts';
import { accountDecider, accountStream } from '../../../lib/domain/account.ts';
import { limitKey, limitOf } from '../../../lib/domain/caLimits.ts';
import { correct, count, fullBucket, type Limit } from '../../../lib/domain/limits.ts';
import { plusSeconds } from '../../../lib/domain/time.ts';
import { type TestApi, testApi } from '../../support/api.ts';

const HOST = 'acme-v02.api.letsencrypt.org';
const server = `https://${HOST}/directory`;
const ACCOUNT = 'https://acme-v02.api.letsencrypt.org/acme/acct/1';
const acme = { server, solvers: [{ http01: {} }] };

const opened: TestApi[] = [];
afterEach(async () => {
  for (const api of opened.splice(0)) await api.close();
});

/** Two teams that use the shared issuer `le`, which has an account, and one with an issuer of its own elsewhere. */
async function made(): Promise<TestApi> {
  const api = await testApi();
  opened.push(api);
  const { ledger } = api.services;
  for (const team of ['web', 'blog']) await api.putTeam(team, { names: ['**'] });
  const shares = { teamShares: { web: { certificatesPerDomain: '50%' } } };
  await api.putIssuer('-', 'le', { acme: { ...acme, rateLimits: shares } });
  await api.putIssuer('blog', 'own', { acme: { ...acme, server: 'https://ca.example.test/dir' } });
  const registered = { type: 'RecordRegistered', server, accountUrl: ACCOUNT, contact: [] } as const;
  await ledger.handle(accountDecider, accountStream('-/le'), registered, { actor: 'test' });
  const issuerRef = { name: 'le', kind: 'ClusterIssuer' };
  for (const [team, name] of [
    ['web', 'shop.example.com'],
    ['blog', 'blog.example.org'],
  ]) {
    const spec = { dnsNames: [name], issuerRef };
    const { status } = await api.send('PUT', `/v1/teams/${team}/certificates/app`, { json: { spec } });
    expect(status).toBe(201);
  }
  await api.projected();
  return api;
}

/** Uses tokens of a bucket. */
async function use({ services }: TestApi, key: string, tokens: number): Promise<void> {
  const rateLimits = { teamShares: { web: { certificatesPerDomain: '50%' } } };
  const limit = limitOf({ server, rateLimits }, key) as Limit;
  await changeBuckets(services, HOST, [key], (buckets, now) => {
    let bucket = buckets.get(key) ?? fullBucket;
    for (let index = 0; index < tokens; index++) bucket = count(limit, bucket, String(index), now);
    return { changed: new Map([[key, { bucket, limit }]]), answer: undefined };
  });
}

const domain = (name: string) => limitKey.certificatesPerDomain(HOST, name);

describe('GET /v1/limits', () => {
  it('tells use, reservations, the next free time and what is to come', async () => {
    const api = await made();
    await use(api, domain('example.com'), 50);
    const { status, json } = await api.send('GET', '/v1/limits');
    expect(status).toBe(200);
    expect(json.partial).toBe(false);
    const found = json.items.find(
      (item: { subject?: string; team?: string }) => item.subject === 'example.com' && !item.team,
    );
    expect(found).toMatchObject({
      issuer: 'le',
      ca: HOST,
      limit: 'certificatesPerDomain',
      count: 50,
      period: '168h',
      reserved: 0,
      waiting: 0,
      percent: expect.closeTo(100, 0),
      forecast: { allowedPerWeek: 50, exhausted: { week: expect.stringMatching(/^\d{4}-W\d\d$/) } },
    });
    expect(Date.parse(found.nextFree) - Date.now()).toBeGreaterThan(200 * 60_000);
    expect(json.items.map(({ limit }: { limit: string }) => limit)).toContain('newOrders');
  });

  it('shows a team what its names touch, and no share of another', async () => {
    const api = await made();
    for (const name of ['example.com', 'example.org']) await use(api, domain(name), 10);
    await use(api, limitKey.ofTeam(domain('example.com'), 'web'), 10);
    const seen = async (token: string, query = '') =>
      (await api.send('GET', `/v1/limits${query}`, { token })).json.items.map(
        ({ subject, team }: { subject?: string; team?: string }) => [subject, team].filter(Boolean).join('#'),
      );
    const web = await api.token('web', 'read');
    const blog = await api.token('blog', 'read');
    expect((await seen(web)).filter(Boolean).toSorted()).toEqual(['example.com', 'example.com#web']);
    expect((await seen(blog)).filter(Boolean)).toEqual(['example.org']);
    expect((await seen(api.admin)).filter(Boolean).toSorted()).toEqual([
      'example.com',
      'example.com#web',
      'example.org',
    ]);
    expect((await seen(api.admin, '?team=blog')).filter(Boolean)).toEqual(['example.org']);
    expect(await seen(web, '?team=blog')).toEqual([]);
    expect(await seen(api.admin, '?issuer=blog/own')).toEqual([]);
  });

  it('tells that a CA of which nothing is known asked for patience', async () => {
    const api = await made();
    const until = plusSeconds(api.services.clock.now(), 600);
    const key = limitKey.ca('ca.example.test');
    await changeBuckets(api.services, 'ca.example.test', [key], (_, now) => ({
      changed: new Map([[key, { bucket: correct(undefined, fullBucket, until, now) }]]),
      answer: undefined,
    }));
    const { json } = await api.send('GET', '/v1/limits?issuer=blog/own');
    expect(json.items).toEqual([
      {
        issuer: 'blog/own',
        ca: 'ca.example.test',
        limit: 'pause',
        subject: 'every request',
        used: 0,
        reserved: 0,
        waiting: 0,
        percent: 100,
        nextFree: until,
      },
    ]);
    expect(await limitUse(api.services)).toContainEqual({ issuer: 'blog/own', percent: 100 });
  });

  it('foresees what all teams and all issuers of the CA will ask for, though a team sees its own limits alone', async () => {
    const api = await made();
    await api.putIssuer('blog', 'le', { acme });
    const spec = { dnsNames: ['blog.example.com'], issuerRef: { name: 'le', kind: 'Issuer' } };
    await api.send('PUT', '/v1/teams/blog/certificates/second', { json: { spec } });
    await api.projected();
    const ofWeb = async () => {
      const { json } = await api.send('GET', '/v1/limits', { token: await api.token('web', 'read') });
      return json.items.find(
        ({ subject, team }: { subject?: string; team?: string }) => subject === 'example.com' && !team,
      )?.forecast.exhausted;
    };
    await use(api, domain('example.com'), 48);
    expect(await ofWeb()).toBeUndefined();
    await use(api, domain('example.com'), 49);
    expect(await ofWeb()).toMatchObject({ week: expect.stringMatching(/^\d{4}-W\d\d$/) });
  });

  it('shows validations that failed, of names for which something is on its way', async () => {
    const api = await made();
    const account = { host: HOST, account: ACCOUNT };
    for (const name of ['shop.example.com', 'other.example.com']) {
      await use(api, limitKey.failedValidations(account, name), 2);
    }
    const { json } = await api.send('GET', '/v1/limits');
    const found = json.items.filter(({ limit }: { limit: string }) => limit === 'failedValidations');
    expect(found).toMatchObject([{ issuer: 'le', subject: 'shop.example.com', count: 5, period: '1h' }]);
    expect(found[0].percent).toBeCloseTo(40, 0);
    expect(found[0].forecast.exhausted).toBeUndefined();
  });

  it('says that an issuer is not there: nothing in use would be good news', async () => {
    const api = await made();
    const none = { status: 404, json: { code: 'IssuerNotFound' } };
    expect(await api.send('GET', '/v1/limits?issuer=lee')).toMatchObject(none);
    expect(await api.send('GET', '/v1/limits?issuer=blog/lee')).toMatchObject(none);
    const token = await api.token('web', 'read');
    expect(await api.send('GET', '/v1/limits?issuer=blog/own', { token })).toMatchObject(none);
    expect((await api.send('GET', '/v1/limits?issuer=le', { token })).status).toBe(200);
    expect(await api.send('GET', '/v1/limits?team=wbe')).toMatchObject({ status: 422, json: { code: 'TeamNotFound' } });
  });

  it('refuses what it does not know, and who may not read', async () => {
    const api = await made();
    expect((await api.send('GET', '/v1/limits?domain=a')).status).toBe(422);
    expect((await api.send('GET', '/v1/limits', { token: '' })).status).toBe(401);
    expect((await api.send('GET', '/v1/limits', { token: await api.token('web', 'write') })).status).toBe(403);
  });
});

describe('POST /v1/limits/resume', () => {
  const blocked = async (api: TestApi, ...keys: string[]) => {
    const until = plusSeconds(api.services.clock.now(), 600);
    await changeBuckets(api.services, HOST, keys, (_, now) => ({
      changed: new Map(keys.map((key) => [key, { bucket: correct(undefined, fullBucket, until, now) }])),
      answer: undefined,
    }));
  };
  const resume = (api: TestApi, json: object, token = api.admin) =>
    api.send('POST', '/v1/limits/resume', { json, token });

  it('lifts what the CA said of itself and of the account, and says so on the ledger with the actor', async () => {
    const api = await made();
    const keys = [limitKey.ca(HOST), limitKey.account({ host: HOST, account: ACCOUNT })];
    await blocked(api, ...keys);
    const { status, json } = await resume(api, { issuer: 'le' });
    expect([status, json.lifted.toSorted(), json.resumed]).toEqual([200, keys.toSorted(), 0]);
    expect(
      (await api.send('GET', '/v1/limits?issuer=le')).json.items.map(({ limit }: { limit: string }) => limit),
    ).toEqual(['newOrders']);
    const commit = (await api.services.store.commits('issuer/-/le')).at(-1);
    expect(commit?.events).toEqual([{ type: 'LimitsResumed', keys: json.lifted }]);
    expect(commit?.actor).toMatch(/^token:/);
  });

  it('forgets a count only for the name that is told, and takes names as they are written', async () => {
    const api = await made();
    for (const name of ['example.com', 'example.org']) await use(api, domain(name), 50);
    expect((await resume(api, { issuer: 'le' })).json.lifted).toEqual([]);
    const { json } = await resume(api, { issuer: 'le', identifier: '*.Shop.example.com' });
    expect(json).toMatchObject({ identifier: 'shop.example.com', lifted: [domain('example.com')] });
    const subjects = (await api.send('GET', '/v1/limits?issuer=le')).json.items.map(
      ({ subject }: { subject?: string }) => subject,
    );
    expect(subjects).toContain('example.org');
    expect(subjects).not.toContain('example.com');
  });

  it('has nothing to lift for an issuer that asks no CA', async () => {
    const api = await made();
    await api.putIssuer('-', 'self', { selfSigned: {} });
    expect((await resume(api, { issuer: 'self' })).json).toEqual({ issuer: 'self', lifted: [], resumed: 0 });
  });

  it.each([
    [{}, 422],
    [{ issuer: 'le', identifier: '' }, 422],
    [{ issuer: 'le', identifier: 'a b' }, 422],
    [{ issuer: 'le', domain: 'example.com' }, 422],
    [{ issuer: 'nobody/le' }, 404],
    [{ issuer: 'x/y/z' }, 404],
    [{ issuer: '' }, 422],
  ])('refuses %j with %d', async (body, status) => {
    expect((await resume(await made(), body)).status).toBe(status);
  });

  it('is for administrators: other teams feel it too', async () => {
    const api = await made();
    expect((await resume(api, { issuer: 'le' }, await api.token('web', 'read', 'write'))).status).toBe(403);
    expect((await resume(api, { issuer: 'le' }, await api.token('*', 'read', 'write'))).status).toBe(403);
  });
});

describe('the use of the limits as metrics', () => {
  it('is the highest of each issuer, without a look at buckets that are less than half used', async () => {
    const api = await made();
    await use(api, domain('example.com'), 20);
    expect(await limitUse(api.services)).toEqual([{ issuer: 'le', percent: 0 }]);
    await use(api, domain('example.org'), 45);
    const [{ percent } = { percent: 0 }] = await limitUse(api.services);
    expect(percent).toBeCloseTo(90, 0);
    expect(await limitMetrics(api.services)).toEqual({
      whole: { CaRateLimitUse: expect.closeTo(90, 0) },
      parts: [{ issuer: 'le', metrics: { CaRateLimitUse: expect.closeTo(90, 0) } }],
    });
    const { body } = await api.send('GET', '/metrics');
    expect(body).toMatch(/^chancery_ca_rate_limit_use_ratio\{issuer="le"\} 0\.(?:89|9)\d*$/m);
  });

  it('has nothing to say where no CA has limits', async () => {
    const api = await testApi();
    opened.push(api);
    expect(await limitMetrics(api.services)).toEqual({ whole: {}, parts: [] });
  });
});
