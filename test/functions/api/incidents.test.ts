import { afterEach, describe, expect, it } from 'vitest';
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

  it('is empty when nothing fails, and when nothing fails any more', async () => {
    const api = await made();
    expect((await api.send('GET', '/v1/incidents')).json).toEqual({ items: [], partial: false });
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
    const incidentOf = async (path: string) => (await api.send('GET', `/v1/teams/${path}`)).json.status.incident;
    expect(await incidentOf('web/certificates/a')).toMatchObject({ id: 'dns:domain:example.com', count: 2 });
    expect(await incidentOf('blog/certificates/c')).toMatchObject({ id: 'dns:domain:example.com', count: 1 });
    expect(await incidentOf('web/certificates/alone')).toBeUndefined();
  });
});
