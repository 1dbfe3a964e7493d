import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TestApi, testApi } from '../../support/api.ts';

describe('on AWS, a certificate that names no destination', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ defaultDestination: 'secretsManager' });
    await api.putTeam('web', { destinations: ['secretsManager:chancery/web/*', 'eu/web/*'] });
    await api.send('PUT', '/v1/teams/web/issuers/own', { json: { spec: { selfSigned: {} } } });
  });
  afterEach(() => api.close());

  const spec = { dnsNames: ['app.example.test'], issuerRef: { name: 'own' } };
  const put = (name: string, more: object = {}, query = '') =>
    api.send('PUT', `/v1/teams/web/certificates/${name}${query}`, { json: { spec: { ...spec, ...more } } });
  const destinationsOf = (answer: { json: { spec: { destinations: object[] } } }) => answer.json.spec.destinations;
  const secret = { kind: 'secretsManager', name: expect.stringMatching(/^chancery\/web\/app-[0-9a-f]{8}$/) };

  test('goes to a secret of its own, and the same request again changes nothing', async () => {
    const first = await put('app');
    expect(destinationsOf(first)).toEqual([secret]);
    const again = await put('app');
    expect(again.status).toBe(200);
    expect(again.headers.etag).toBe(first.headers.etag);
    expect(destinationsOf(again)).toEqual(destinationsOf(first));
  });

  test('does so in a batch too, and a dry run foresees it', async () => {
    const resources = [{ kind: 'Certificate', team: 'web', name: 'app', spec }];
    const apply = async (query = '') =>
      (await api.send('POST', `/v1/apply${query}`, { json: { resources } })).json.resources[0].outcome;
    expect(await apply('?dryRun=true')).toBe('created');
    expect(await apply()).toBe('created');
    expect(destinationsOf(await api.send('GET', '/v1/teams/web/certificates/app'))).toEqual([secret]);
    expect(await apply('?dryRun=true')).toBe('unchanged');
    expect(await apply()).toBe('unchanged');
  });

  test('stays in the vault alone when it is a CA, or the policy of the team does not allow the secret', async () => {
    expect(destinationsOf(await put('app', { isCA: true }))).toEqual([]);
    await api.putTeam('web', { destinations: ['eu/web/*'] });
    expect(destinationsOf(await put('other'))).toEqual([]);
  });

  test('is the only one that does: what is named is what counts', async () => {
    await api.putTeam('web', { destinations: ['directory:/**', 'secretsManager:**'] });
    const named = await put('app', { destinations: [{ name: 'prod/app' }] });
    expect(destinationsOf(named)).toEqual([{ kind: 'secretsManager', name: 'prod/app' }]);
  });
});
