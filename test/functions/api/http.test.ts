import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApi } from '../../../functions/api/api.ts';
import { routes } from '../../../functions/api/routes.ts';
import type { Ledger } from '../../../lib/application/ledger.ts';
import { ThrottledError } from '../../../lib/ports/throttled.ts';
import { type TestApi, testApi } from '../../support/api.ts';
import { type BadRequest, badRequests } from '../../support/badRequests.ts';
import { APP } from '../../support/webApi.ts';

/** What a server or a gateway may refuse or change before it is ours: paths are tidied up, octets become text. */
const beforeUs: readonly BadRequest[] = [
  ['an encoded slash in a name', 'GET', '/v1/teams/web/certificates/a%2fb', {}, 422, 'InvalidName'],
  [
    'JSON that is not UTF-8',
    'PUT',
    APP,
    { body: new Uint8Array([0x22, 0xff, 0x22]), headers: { 'content-type': 'application/json' } },
    400,
    'InvalidJson',
  ],
  ['a path that climbs', 'GET', '/v1/teams/web/../-/certificates', {}, 404, 'RouteNotFound'],
  ['a method nobody knows', 'BREW', APP, {}, 405, 'MethodNotAllowed'],
];

describe('requests that HTTP or JSON already refuse', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await testApi();
    await api.putTeam('web');
  });
  afterAll(() => api.close());

  const json = { 'content-type': 'application/json' };

  test.each([...badRequests, ...beforeUs])('%s', async (_, method, path, sent, status, code) => {
    const answer = await api.send(method, path, sent);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.json).toMatchObject({
      type: 'about:blank',
      status,
      title: expect.any(String),
      detail: expect.any(String),
    });
  });

  test('405 names the methods that there are', async () => {
    expect((await api.send('POST', APP)).headers.allow).toBe('GET, PUT, DELETE, HEAD');
  });

  test('bad JSON is told by its place and never quoted', async () => {
    const { json: problem } = await api.send('PUT', APP, { body: '{"data": "secret-value" x}', headers: json });
    expect(problem.detail).toMatch(/position \d+/);
    expect(JSON.stringify(problem)).not.toContain('secret');
  });

  test('members named as those of every object are unknown fields like others', async () => {
    const { json: problem } = await api.send('PUT', APP, {
      body: '{"spec": {"toString": {}, "constructor": 1, "issuerRef": {"name": "a"}, "dnsNames": ["a.test"]}}',
      headers: json,
    });
    expect(problem.errors.map(({ field, code }: { field: string; code: string }) => [field, code])).toEqual([
      ['spec.toString', 'UnknownField'],
      ['spec.constructor', 'UnknownField'],
    ]);
  });

  test('HEAD answers as GET without a body', async () => {
    const head = await api.send('HEAD', '/healthz');
    const get = await api.send('GET', '/healthz');
    expect([head.status, head.headers['content-type'], head.body]).toEqual([200, get.headers['content-type'], '']);
  });

  test('no answer is for caches, and each has a correlation id of its own', async () => {
    const answers = [await api.send('GET', '/healthz'), await api.send('GET', '/v1/nothing')];
    for (const { headers } of answers) {
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    }
    expect(new Set(answers.map(({ headers }) => headers['x-correlation-id'])).size).toBe(2);
  });
});

describe('a fault of the service', () => {
  async function answerWhenLoadFails(api: TestApi, error: Error) {
    const ledger = { ...api.services.ledger, load: () => Promise.reject(error) } as unknown as Ledger;
    const handle = createApi({ ...api.services, ledger }, { version: '0' });
    const headers = { authorization: `Bearer ${api.admin}` };
    return handle({ method: 'GET', path: APP, query: '', headers, body: new Uint8Array() });
  }

  test('answers 500 without details, and the log says more under the same id', async () => {
    const api = await testApi();
    const answer = await answerWhenLoadFails(api, new Error('inner words'));
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain('inner words');
    const { correlationId } = JSON.parse(answer.body);
    expect(correlationId).toBe(answer.headers['x-correlation-id']);
    const line = api.logged.find(({ fields }) => fields.correlationId === correlationId);
    expect(line).toMatchObject({ level: 'error', fields: { message: 'inner words' } });
    await api.close();
  });

  test('storage that asks for a slower pace is told as that, with the time to wait', async () => {
    const api = await testApi();
    const answer = await answerWhenLoadFails(api, new ThrottledError('throughput of table x exceeded'));
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('5');
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'Throttled' });
    expect(answer.body).not.toContain('table x');
    await api.close();
  });

  test('a ledger that cannot be read makes the service not ready', async () => {
    const api = await testApi();
    expect((await api.send('GET', '/readyz')).json).toEqual({ status: 'ok', checks: { ledger: 'ok' } });
    const store = { ...api.services.store, head: () => Promise.reject(new Error('disk')) };
    const handle = createApi({ ...api.services, store }, { version: '0', lastScan: () => 0 });
    const answer = await handle({ method: 'GET', path: '/readyz', query: '', headers: {}, body: new Uint8Array() });
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body)).toEqual({ status: 'unavailable', checks: { ledger: 'unreadable', scan: 'late' } });
    await api.close();
  });
});

describe('the table of routes', () => {
  test('names each operation once, and no two routes take the same request', () => {
    const operations = routes.map(({ operation }) => operation);
    const places = routes.map(({ method, path }) => `${method} ${path.replace(/\{\w+\}/g, '{}')}`);
    expect(new Set(operations).size).toBe(operations.length);
    expect(new Set(places).size).toBe(places.length);
  });

  test('leaves nothing under /v1 open', () => {
    const open = routes.filter(({ access }) => access === 'public').map(({ path }) => path);
    expect(open.sort()).toEqual(['/healthz', '/openapi.json', '/readyz', '/version']);
  });
});
