import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestApi, testApi } from '../../support/api.ts';

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
    expect((await replace({ issuer: 'shop/x', key: 'a'.repeat(64) })).json.reason).toBe('KeyCompromised');
  });

  it('is for administrators alone', async () => {
    expect((await replace({ name: '*' }, await api.token('shop', 'write'))).status).toBe(403);
  });
});
