import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routes } from '../../../functions/api/routes.ts';
import { type TestApi, testApi } from '../../support/api.ts';

const writing = routes.filter(({ body }) => body);
const pathOf = (path: string) => path.replace(/\{(\w+)\}/g, (_, name) => (name === 'team' ? 'web' : 'thing'));

/** Words that the schemas know, so that random objects get further than to their first unknown field. */
const words = fc.constantFrom(
  ...[
    'spec',
    'dnsNames',
    'issuerRef',
    'name',
    'kind',
    'duration',
    'renewBefore',
    'privateKey',
    'destinations',
    'request',
  ],
  ...['acme', 'ca', 'selfSigned', 'solvers', 'dns01', 'http01', 'server', 'secretName', 'data', 'kubeconfig', 'token'],
  ...['policy', 'names', 'quota', 'verbs', 'team', 'expiresIn', 'resources', 'subject', 'uris', 'usages', 'cluster'],
);
const leaf = fc.oneof(
  fc.constantFrom('own', 'a.test', '*.a.test', '2160h', 'Issuer', 'web', '-', '', null, true, 0, -1, 1e300),
  fc.string({ unit: 'binary' }),
  fc.double(),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(words, tie('tree'), { maxKeys: 6 }),
  ),
}));

describe('whatever is sent', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await testApi({ directoryRoots: ['/srv'] });
    await api.putTeam('web', { names: ['**'], destinations: ['**', 'directory:**'] });
    await api.putIssuer('web', 'own', { selfSigned: {} });
  });
  afterAll(() => api.close());

  test('as a body, the answer is never a fault of the service, and as the OpenAPI document has it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...writing), tree, async ({ method, path }, json) => {
        const { status } = await api.send(method, pathOf(path), { json });
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 600 },
    );
  });

  test('as a spec that is nearly right, the same', async () => {
    const members = fc.dictionary(words, tree, { maxKeys: 5 });
    await fc.assert(
      fc.asyncProperty(members, async (more) => {
        const spec = { dnsNames: ['a.test'], issuerRef: { name: 'own' }, ...more };
        const { status } = await api.send('PUT', '/v1/teams/web/certificates/thing', { json: { spec } });
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
  });

  test('as octets, a path, a query or headers, the same', async () => {
    const header = fc.string({ unit: 'binary-ascii' });
    const requests = fc.record({
      method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'PATCH'),
      path: fc.oneof(
        fc.constantFrom(...routes.map(({ path }) => pathOf(path))),
        fc.string().map((text) => `/v1/${text}`),
      ),
      query: fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('limit=1', 'cursor=W10', 'after=WyJldmVudHMiLDFd'),
      ),
      body: fc.uint8Array({ maxLength: 200 }),
      headers: fc.record(
        {
          'content-type': fc.constant('application/json'),
          'if-match': header,
          'if-none-match': header,
          authorization: header,
        },
        { requiredKeys: [] },
      ),
    });
    await fc.assert(
      fc.asyncProperty(requests, async ({ method, path, query, body, headers }) => {
        const { status } = await api.send(method, `${path.replaceAll('?', '')}?${query}`, { body, headers });
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 600 },
    );
  });

  test('nothing of it was logged as an error', () => {
    expect(api.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
