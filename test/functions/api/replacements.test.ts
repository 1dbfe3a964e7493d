import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestApi, testApi } from '../../support/api.ts';
import { issueNow } from '../../support/issue.ts';

describe('POST /v1/replacements', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi();
    await api.putTeam('shop');
  });
  afterEach(() => api.close());

  const replace = (json: unknown, token?: string) =>
    api.send('POST', '/v1/replacements', { json, ...(token !== undefined && { token }) });

  it('must be told which certificates, and at what rate', async () => {
    expect((await replace({})).status).toBe(422);
    expect((await replace({ name: '*', perHour: 0 })).status).toBe(422);
    expect((await replace({ name: '*', team: 'nobody' })).status).toBe(422);
    expect((await replace({ name: '*', reason: 'Bored' })).status).toBe(422);
    const { json } = await replace({ name: '*' });
    expect(json).toEqual({ confirmed: false, reason: 'Manual', count: 0, perHour: 60, items: [], planned: 0 });
    expect((await replace({ key: 'a'.repeat(64) })).json.reason).toBe('KeyCompromised');
  });

  it('refuses an issuer that is not there, and what is no place of a certificate: nothing to do would be good news', async () => {
    for (const issuer of ['shop/letsencrpt', 'letsencrpt']) {
      expect(await replace({ issuer })).toMatchObject({ status: 404, json: { code: 'IssuerNotFound' } });
    }
    await api.putIssuer('-', 'selfsigned', { selfSigned: {} });
    expect(await replace({ issuer: 'selfsigned' })).toMatchObject({ status: 200, json: { count: 0 } });
    expect(await replace({ ca: 'root' })).toMatchObject({
      status: 422,
      json: { errors: [{ field: 'ca', message: 'must be TEAM/NAME of the CA certificate; -/NAME of a shared one' }] },
    });
    expect(await replace({ key: 'abc' })).toMatchObject({
      status: 422,
      json: { errors: [{ field: 'key', message: 'must be a SHA-256 in hex, or TEAM/NAME of a certificate' }] },
    });
    expect(await replace({ ca: '-/root' })).toMatchObject({ status: 404, json: { code: 'CertificateNotFound' } });
  });

  it('a key that others know leaves a certificate not ready from the moment at which it is said, and not from its turn on', async () => {
    await api.putIssuer('shop', 'own', { selfSigned: {} });
    const before = new Date().toISOString();
    for (const name of ['a', 'b']) {
      const spec = { dnsNames: [`${name}.example.test`], issuerRef: { name: 'own' } };
      await api.send('PUT', `/v1/teams/shop/certificates/${name}`, { json: { spec } });
      await issueNow(api.services, 'shop', name);
    }
    await api.projected();
    const order = { name: '*', team: 'shop', reason: 'KeyCompromised', perHour: 1, confirm: true };
    const { items } = (await replace(order)).json;
    const last = items.at(-1);
    const { status } = (await api.send('GET', `/v1/teams/shop/certificates/${last.name}`)).json;
    const [ready] = status.conditions;
    expect(ready).toMatchObject({ status: 'False', reason: 'KeyCompromised' });
    expect(status.renewal).toMatchObject({ reason: 'KeyCompromised', time: last.at });
    expect(ready.lastTransitionTime >= before && ready.lastTransitionTime < last.at).toBe(true);
  });

  it('is for administrators alone', async () => {
    expect((await replace({ name: '*' }, await api.token('shop', 'write'))).status).toBe(403);
  });
});
