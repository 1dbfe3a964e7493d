import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { x509 } from '../../../lib/adapters/x509/x509.ts';
import type { RequestedNames } from '../../../lib/ports/x509.ts';
import { type TestApi, testApi } from '../../support/api.ts';
import { noNames } from '../../support/internalCa.ts';

let api: TestApi;

beforeAll(async () => {
  api = await testApi();
  await api.putTeam('web');
  await api.putIssuer('web', 'ca', { ca: { secretName: 'root' } });
});
afterAll(() => api.close());

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

async function requestFor(names: Partial<RequestedNames>): Promise<string> {
  const der = await x509().createCsr({ ...noNames, ...names }, key);
  const body = Buffer.from(der).toString('base64');
  return `-----BEGIN CERTIFICATE REQUEST-----\n${body}\n-----END CERTIFICATE REQUEST-----\n`;
}

const put = (name: string, spec: object) =>
  api.send('PUT', `/v1/teams/web/certificates/${name}`, { json: { spec: { issuerRef: { name: 'ca' }, ...spec } } });

const NAMES = {
  commonName: 'App.example.test',
  dnsNames: ['app.example.test', '*.app.example.test'],
  ipAddresses: ['192.0.2.7'],
  uris: ['spiffe://example.test/app'],
  emailAddresses: ['ops@example.test'],
};

test('a spec that says no name has the names of its request; a common name that repeats one is left out', async () => {
  await api.putTeam('web', { names: ['**'] });
  const { json, status } = await put('all', { request: await requestFor(NAMES) });
  const { commonName: _, ...lists } = NAMES;
  expect({ status, ...json.spec }).toMatchObject({ status: 201, ...lists });
  expect(json.spec).not.toHaveProperty('commonName');
});

test('a request with a host as its common name and no other name is for that host', async () => {
  const { json } = await put('old', { request: await requestFor({ commonName: 'old.example.test' }) });
  expect(json.spec).toMatchObject({ commonName: 'old.example.test', dnsNames: ['old.example.test'] });
});

test('a request for a certificate that exists changes nothing when it is sent again', async () => {
  const request = await requestFor({ dnsNames: ['same.example.test'] });
  const { json } = await put('same', { request });
  expect((await put('same', { request })).json).toMatchObject({ generation: 1, uid: json.uid });
});

test('the names of a request are judged as any others, and told at the request', async () => {
  await api.putTeam('web', { names: ['**.example.test'] });
  const refused = await put('bad', { request: await requestFor({ dnsNames: ['app.example.com'] }) });
  expect(refused.json).toMatchObject({ status: 403, code: 'NameNotAllowed', field: 'spec.dnsNames[0]' });
  const without = await put('bad', { request: await requestFor({}) });
  expect(without.json).toMatchObject({ status: 422, field: 'spec.request.dnsNames', errors: [{ code: 'NoNames' }] });
});

test('a request that cannot be read is told as such, and not as one without names', async () => {
  expect((await put('bad', { request: 'hello' })).json).toMatchObject({ code: 'InvalidCsr', field: 'spec.request' });
});

test('a batch takes the names of a request too, and a dry run tells the same', async () => {
  const spec = { issuerRef: { name: 'ca' }, request: await requestFor({ dnsNames: ['batch.example.test'] }) };
  const json = { resources: [{ kind: 'Certificate', team: 'web', name: 'batch', spec }] };
  const outcomes = [];
  for (const path of ['/v1/apply?dryRun=true', '/v1/apply', '/v1/apply?dryRun=true']) {
    outcomes.push((await api.send('POST', path, { json })).json.resources[0].outcome);
  }
  expect(outcomes).toEqual(['created', 'created', 'unchanged']);
});
