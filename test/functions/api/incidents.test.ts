import { afterEach, describe, expect, it } from 'vitest';
import { incidentOf, readIncidents } from '../../../lib/application/incidents.ts';
import { ISSUANCES } from '../../../lib/application/projections.ts';
import { issuanceDecider } from '../../../lib/domain/issuance.decide.ts';
import type { Problem } from '../../../lib/domain/problem.ts';
import { type TestApi, testApi } from '../../support/api.ts';
import { record, startIssuance } from '../../support/issue.ts';

const opened: TestApi[] = [];
afterEach(async () => {
  for (const api of opened.splice(0)) await api.close();
});

/** Two teams that use a shared issuer. */
async function made(): Promise<TestApi> {
  const api = await testApi();
  opened.push(api);
  for (const team of ['web', 'blog']) await api.putTeam(team, { names: ['**'] });
  await api.putIssuer('-', 'le', { selfSigned: {} });
  return api;
}

/** A certificate whose first run failed. */
async function fail(api: TestApi, team: string, name: string, problem: Problem): Promise<void> {
  const spec = { dnsNames: [`${name}.example.com`], issuerRef: { name: 'le', kind: 'ClusterIssuer' } };
  await api.send('PUT', `/v1/teams/${team}/certificates/${name}`, { json: { spec } });
  const issuance = await startIssuance(api.services, team, name);
  const thrown = { step: 'Challenge', class: 'backoff', problem } as const;
  await record(api.services, issuance, { type: 'RecordFailure', run: 1, thrown, random: 0.5 });
  expect((await api.services.ledger.load(issuanceDecider, issuance)).state.status).toBe('failed');
}

const dns = { type: 'dns', detail: 'SERVFAIL looking up TXT for _acme-challenge.example.com' };

describe('GET /v1/incidents', () => {
  it('tells of many failures as one: since when, how many, whose, why, what to do, and when it is tried again', async () => {
    const api = await made();
    for (const name of ['a', 'b']) await fail(api, 'web', name, dns);
    await fail(api, 'blog', 'c', dns);
    await fail(api, 'blog', 'alone', { type: 'connection', detail: 'refused' });
    await api.projected();
    const { status, json } = await api.send('GET', '/v1/incidents');
    expect(status).toBe(200);
    expect(json.partial).toBe(false);
    expect(json.items).toEqual([
      {
        id: 'dns:domain:example.com',
        scope: { kind: 'domain', name: 'example.com' },
        since: expect.stringMatching(/Z$/),
        count: 3,
        teams: ['blog', 'web'],
        certificates: [
          { team: 'web', name: 'a' },
          { team: 'web', name: 'b' },
          { team: 'blog', name: 'c' },
        ],
        cause: { code: 'dns', detail: dns.detail, remedy: expect.stringContaining('delegation') },
        retryAt: expect.stringMatching(/Z$/),
      },
    ]);
    expect(json.items[0].retryAt > json.items[0].since).toBe(true);
  });

  it('counts what fails alone, and shows it where that is asked for', async () => {
    const api = await made();
    for (const name of ['a', 'b']) await fail(api, 'web', name, dns);
    await fail(api, 'blog', 'alone', { type: 'connection', detail: 'refused' });
    await api.projected();
    const read = async (query: string, token = api.admin) =>
      (await api.send('GET', `/v1/incidents${query}`, { token })).json;
    expect(await read('')).toMatchObject({ alone: 1, items: [{ count: 2 }] });
    const { items } = await read('?single=true');
    expect(items).toMatchObject([{ count: 2 }, { count: 1, certificates: [{ team: 'blog', name: 'alone' }] }]);
    expect(await read('?single=true', await api.token('web', 'read'))).toMatchObject({
      alone: 0,
      items: [{ count: 2 }],
    });
    expect((await api.send('GET', '/v1/incidents?team=nobody')).json.code).toBe('TeamNotFound');
  });

  it('shows a team its own of them, and no other', async () => {
    const api = await made();
    await fail(api, 'web', 'a', dns);
    await fail(api, 'blog', 'b', dns);
    await api.projected();
    const token = await api.token('blog', 'read');
    const { json } = await api.send('GET', '/v1/incidents', { token });
    expect(json.items).toMatchObject([{ count: 1, teams: ['blog'], certificates: [{ team: 'blog', name: 'b' }] }]);
    expect(JSON.stringify(json)).not.toContain('web');
    const others = await api.send('GET', '/v1/incidents?team=web', { token });
    expect(others.json.items).toEqual([]);
  });

  it('keeps its beginning when its certificates fail again', async () => {
    const api = await made();
    for (const name of ['a', 'b']) await fail(api, 'web', name, dns);
    await api.projected();
    const [before] = (await api.send('GET', '/v1/incidents')).json.items;
    for (const stream of await api.services.store.streams('issuance/', 10)) {
      await record(api.services, stream, { type: 'BeginRun', after: 1, force: true });
      const thrown = { step: 'Challenge', class: 'backoff', problem: dns } as const;
      await record(api.services, stream, { type: 'RecordFailure', run: 2, thrown, random: 0.5 });
    }
    await api.projected();
    const [after] = (await api.send('GET', '/v1/incidents')).json.items;
    expect(after.since).toBe(before.since);
    expect(after.retryAt > before.retryAt).toBe(true);
  });

  it('is made of a thousand failures at most, and says so, and of fewer for one certificate', async () => {
    const api = await made();
    await fail(api, 'web', 'a', dns);
    await api.projected();
    const { views } = api.services;
    const row = (await views.list(ISSUANCES, { limit: 1 }))[0]!;
    const watch = { owed: '2030-01-01T00:00:00.000Z', issuer: 'le', failing: true };
    for (let n = 0; n < 1100; n++)
      await views.put({
        ...row,
        key: `other-${n}/1`,
        owner: 'web',
        doc: { ...row.doc, certificate: `web/other-${n}` },
        watch,
      });
    let reads = 0;
    const counting: typeof views = {
      ...views,
      earliest: (...asked) => views.earliest(...asked),
      get: (...asked) => {
        reads++;
        return views.get(...asked);
      },
    };
    const all = await readIncidents({ views: counting }, '*');
    expect([all.partial, all.items[0]!.count, reads]).toEqual([true, 1000, 1000]);
    expect(all.items[0]!.certificates).toHaveLength(20);
    reads = 0;
    const one = await incidentOf({ views: counting }, { team: 'web', issuer: 'le', key: row.key });
    expect([one!.count, reads]).toEqual([100, 100]);
  });

  it('is empty when nothing fails, and when nothing fails any more', async () => {
    const api = await made();
    expect((await api.send('GET', '/v1/incidents')).json).toEqual({ items: [], alone: 0, partial: false });
    for (const name of ['a', 'b']) await fail(api, 'web', name, dns);
    await api.projected();
    expect((await api.send('GET', '/v1/incidents')).json.items).toHaveLength(1);
    await api.send('DELETE', '/v1/teams/web/certificates/a');
    const issuance = await api.services.store.streams('issuance/', 10);
    for (const stream of issuance) await record(api.services, stream, { type: 'Supersede', reason: 'Superseded' });
    await api.projected();
    expect((await api.send('GET', '/v1/incidents')).json.items).toEqual([]);
  });
});

describe('a certificate', () => {
  it('names the incident that it is part of, and none when it fails alone', async () => {
    const api = await made();
    for (const name of ['a', 'b']) await fail(api, 'web', name, dns);
    await fail(api, 'blog', 'c', dns);
    await fail(api, 'web', 'alone', { type: 'tls', detail: 'no TLS there' });
    await api.projected();
    const of = async (path: string) => (await api.send('GET', `/v1/teams/${path}`)).json.status.incident;
    expect(await of('web/certificates/a')).toMatchObject({ id: 'dns:domain:example.com', count: 2 });
    expect(await of('blog/certificates/c')).toMatchObject({ id: 'dns:domain:example.com', count: 1 });
    expect(await of('web/certificates/alone')).toBeUndefined();
  });
});
