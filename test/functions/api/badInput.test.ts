import 'reflect-metadata';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { x509 } from '../../../lib/adapters/x509/x509.ts';
import { clusterDecider, clusterStream } from '../../../lib/domain/cluster.ts';
import { deliveryDecider } from '../../../lib/domain/delivery.decide.ts';
import { deliveryStream } from '../../../lib/domain/delivery.ts';
import { type Destination, destinationKey } from '../../../lib/domain/destination.ts';
import { SHARED } from '../../../lib/domain/issuer.ts';
import { type TestApi, testApi } from '../../support/api.ts';
import { noNames } from '../../support/internalCa.ts';

const ACME = { server: 'https://ca.example/dir', solvers: [{ http01: {} }] };
const taken: Destination = { kind: 'kubernetes', cluster: 'prod', namespace: 'web', secretName: 'taken' };
const label = 'a'.repeat(63);

/** Input, and what the answer says: status, code (the errors' codes, joined, for InvalidInput), field. */
type Row = readonly [what: string, spec: object, status: number, code: string, field: string];

describe('bad input of a certificate', () => {
  let api: TestApi;
  const csr = { malformed: '', signature: '', weak: '', others: '', right: '', strong: '' };

  beforeAll(async () => {
    api = await testApi({ directoryRoots: ['/srv/tls'] });
    await api.putTeam('web', { destinations: ['*/web/*', 'directory:/**'], maxDuration: '4320h' });
    await api.putIssuer('web', 'own', { selfSigned: {} });
    await api.putIssuer('web', 'ca', { ca: { secretName: 'root' } });
    await api.putIssuer('web', 'acme', { acme: ACME });
    await api.putIssuer(SHARED, 'shared', { ca: { secretName: 'root' } });
    const { ledger } = api.services;
    const cluster = { endpoint: 'https://127.0.0.1:1', caFingerprint: '', credentialRef: 'ref' };
    await ledger.handle(clusterDecider, clusterStream('prod'), { type: 'Register', ...cluster }, { actor: 'test' });
    const claim = { certificate: 'other/secret-name', uid: 'other', revision: 1, generation: 1, fingerprint: '' };
    const command = { type: 'Request', destination: taken, ...claim } as const;
    await ledger.handle(deliveryDecider, deliveryStream(destinationKey(taken)), command, { actor: 'test' });
    await makeRequests();
  });
  afterAll(() => api.close());

  async function makeRequests(): Promise<void> {
    const adapter = x509();
    const make = async (names: readonly string[], size?: number) => {
      const key = size ? rsa(size) : await adapter.generateKey({ algorithm: 'ECDSA', size: 256 });
      return pem(await adapter.createCsr({ ...noNames, dnsNames: names }, key));
    };
    csr.right = await make(['app.example.test']);
    csr.others = await make(['other.example.test']);
    csr.strong = await make(['app.example.test'], 3072);
    csr.malformed = pem(Buffer.from('not a request'));
    const broken = Buffer.from(body(csr.right), 'base64');
    broken[broken.length - 1]! ^= 1;
    csr.signature = pem(broken);
    csr.weak = await weakRequest();
  }

  const rows: readonly Row[] = [
    [
      'a name over 253 characters',
      { dnsNames: [`${`${label}.`.repeat(4)}test`] },
      422,
      'NameTooLong',
      'spec.dnsNames[0]',
    ],
    ['a label over 63 characters', { dnsNames: [`a${label}.test`] }, 422, 'LabelTooLong', 'spec.dnsNames[0]'],
    ['an underscore', { dnsNames: ['a_b.example.test'] }, 422, 'UnderscoreInName', 'spec.dnsNames[0]'],
    ['an empty label', { dnsNames: ['a..example.test'] }, 422, 'EmptyLabel', 'spec.dnsNames[0]'],
    ['a trailing dot', { dnsNames: ['app.example.test.'] }, 422, 'TrailingDot', 'spec.dnsNames[0]'],
    [
      'a wildcard that is not leftmost',
      { dnsNames: ['a.*.example.test'] },
      422,
      'WildcardMisplaced',
      'spec.dnsNames[0]',
    ],
    ['a doubled wildcard', { dnsNames: ['*.*.example.test'] }, 422, 'WildcardMisplaced', 'spec.dnsNames[0]'],
    ['an address in dnsNames', { dnsNames: ['192.0.2.1'] }, 422, 'IpInDnsNames', 'spec.dnsNames[0]'],
    ['a duplicate', { dnsNames: ['a.test', 'A.test'] }, 422, 'DuplicateName', 'spec.dnsNames[1]'],
    [
      'over 100 names',
      { dnsNames: Array.from({ length: 101 }, (_, i) => `n${i}.test`) },
      422,
      'TooManyNames',
      'spec.dnsNames',
    ],
    ['an unknown field', { dnsName: ['app.test'] }, 422, 'UnknownField', 'spec.dnsName'],
    [
      'renewBefore not below duration',
      { duration: '2h', renewBefore: '2h' },
      422,
      'RenewBeforeNotBelowDuration',
      'spec.renewBefore',
    ],
    [
      'renewBefore twice',
      { renewBefore: '24h', renewBeforePercentage: 30 },
      422,
      'RenewBeforeTwice',
      'spec.renewBefore',
    ],
    ...[0, 100, -1].map(
      (percent) =>
        [
          `${percent} percent`,
          { renewBeforePercentage: percent },
          422,
          'InvalidPercentage',
          'spec.renewBeforePercentage',
        ] as const,
    ),
    [
      'a cron that is none',
      { renewal: { windows: [{ cron: '61 2 * * *', windowDuration: '1h' }] } },
      422,
      'InvalidCron',
      'spec.renewal.windows[0].cron',
    ],
    [
      'a zone that is none',
      { renewal: { freezes: [{ cron: '0 2 * * *', windowDuration: '1h', timezone: 'Moon' }] } },
      422,
      'UnknownTimeZone',
      'spec.renewal.freezes[0].timezone',
    ],
    ['a duration under an hour', { duration: '30m' }, 422, 'DurationTooShort', 'spec.duration'],
    ['an issuer that is not there', { issuerRef: { name: 'none' } }, 422, 'IssuerNotFound', 'spec.issuerRef.name'],
    [
      'a public suffix with an acme issuer',
      { dnsNames: ['co.uk'], issuerRef: { name: 'acme' } },
      403,
      'NameNotAllowed',
      'spec.dnsNames[0]',
    ],
    [
      'a single label with an acme issuer',
      { dnsNames: ['test'], issuerRef: { name: 'acme' } },
      422,
      'SingleLabel',
      'spec.dnsNames[0]',
    ],
    [
      'a wildcard without dns01',
      { dnsNames: ['*.example.test'], issuerRef: { name: 'acme' } },
      422,
      'WildcardNeedsDns01',
      'spec.dnsNames[0]',
    ],
    ['a CA of an acme issuer', { isCA: true, issuerRef: { name: 'acme' } }, 422, 'AcmeNoCa', 'spec.isCA'],
    ['a name outside the policy', { dnsNames: ['app.example.com'] }, 403, 'NameNotAllowed', 'spec.dnsNames[0]'],
    [
      'a CA of a shared issuer',
      { isCA: true, issuerRef: { name: 'shared', kind: 'ClusterIssuer' } },
      403,
      'CaNotAllowed',
      'spec.isCA',
    ],
    ['a longer duration than allowed', { duration: '8760h' }, 403, 'DurationNotAllowed', 'spec.duration'],
    [
      'a destination outside the policy',
      { destinations: [{ cluster: 'prod', namespace: 'kube-system' }] },
      403,
      'DestinationNotAllowed',
      'spec.destinations[0]',
    ],
    [
      'an unknown cluster',
      { destinations: [{ cluster: 'none' }] },
      422,
      'ClusterUnknown',
      'spec.destinations[0].cluster',
    ],
    [
      'a destination of somebody else',
      { destinations: [{ ...taken }] },
      409,
      'DestinationTaken',
      'spec.destinations[0]',
    ],
    [
      'a directory outside the roots',
      { destinations: [{ directory: '/etc/ssl' }] },
      403,
      'DirectoryNotAllowed',
      'spec.destinations[0]',
    ],
    [
      'a directory that only begins as a root',
      { destinations: [{ directory: '/srv/tls-other/a' }] },
      403,
      'DirectoryNotAllowed',
      'spec.destinations[0]',
    ],
    [
      'a directory that climbs',
      { destinations: [{ directory: '/srv/tls/../../etc' }] },
      422,
      'InvalidDirectory',
      'spec.destinations[0]',
    ],
  ];

  test.each(rows)('%s is refused', async (_, more, status, code, field) => {
    const spec = { dnsNames: ['app.example.test'], issuerRef: { name: 'own' }, ...more };
    const answer = await api.send('PUT', '/v1/teams/web/certificates/bad', { json: { spec } });
    const codes = answer.json.errors?.map((error: { code: string }) => error.code) ?? [answer.json.code];
    expect({ status: answer.status, codes, field: answer.json.field }).toEqual({ status, codes: [code], field });
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.json.detail.length).toBeGreaterThan(5);
    expect((await api.send('GET', '/v1/teams/web/certificates/bad')).status).toBe(404);
  });

  const requests: readonly [what: keyof typeof csr, issuer: string, code: string][] = [
    ['malformed', 'ca', 'InvalidCsr'],
    ['signature', 'ca', 'CsrSignatureInvalid'],
    ['weak', 'ca', 'WeakKey'],
    ['others', 'ca', 'CsrNamesDiffer'],
    ['right', 'own', 'CsrNeedsCa'],
  ];

  test.each(requests)('a request (CSR) that is %s, with issuer %s, is refused', async (which, issuer, code) => {
    const spec = { dnsNames: ['app.example.test'], issuerRef: { name: issuer }, request: csr[which] };
    const { json } = await api.send('PUT', '/v1/teams/web/certificates/bad', { json: { spec } });
    expect(json).toMatchObject({ status: 422, code, field: 'spec.request' });
  });

  test('a request (CSR) of a kind of key that the policy does not allow is refused, and a right one is taken', async () => {
    await api.putTeam('strict', { keys: ['ECDSA-256'] });
    await api.putIssuer('strict', 'ca', { ca: { secretName: 'root' } });
    const spec = { dnsNames: ['app.example.test'], issuerRef: { name: 'ca' } };
    const put = (request: string) =>
      api.send('PUT', '/v1/teams/strict/certificates/app', { json: { spec: { ...spec, request } } });
    expect((await put(csr.strong)).json).toMatchObject({ status: 403, code: 'KeyNotAllowed', field: 'spec.request' });
    expect((await put(csr.right)).status).toBe(201);
  });

  test('whose destination it is, is told to its own team alone', async () => {
    const spec = { dnsNames: ['app.example.test'], issuerRef: { name: 'own' }, destinations: [taken] };
    const { body } = await api.send('PUT', '/v1/teams/web/certificates/bad', { json: { spec } });
    expect(body).not.toContain('secret-name');
  });

  test('everything that is wrong is told at once, with the nearest known field', async () => {
    const spec = { dnsName: ['a.test'], dnsNames: ['a_b.test', 'c..test'], duration: '1m', issuerRef: { name: 'own' } };
    const { json } = await api.send('PUT', '/v1/teams/web/certificates/bad', { json: { spec } });
    expect(json).toMatchObject({ status: 422, code: 'InvalidInput' });
    const told = json.errors.map(({ field, code }: { field: string; code: string }) => `${field} ${code}`).sort();
    expect(told).toEqual([
      'spec.dnsName UnknownField',
      'spec.dnsNames[0] UnderscoreInName',
      'spec.dnsNames[1] EmptyLabel',
      'spec.duration DurationTooShort',
    ]);
    expect(json.detail).toContain('did you mean "dnsNames"?');
  });

  test('upper case and Unicode become normal names, and internal names pass with an internal CA', async () => {
    await api.putTeam('any', { names: ['**'] });
    await api.putIssuer('any', 'own', { selfSigned: {} });
    const dnsNames = ['APP.Example.Test', 'bücher.example', 'payments', 'payments.production.svc'];
    const { status, json } = await api.send('PUT', '/v1/teams/any/certificates/a', {
      json: { spec: { dnsNames, issuerRef: { name: 'own' } } },
    });
    expect(status).toBe(201);
    expect(json.spec.dnsNames).toEqual([
      'app.example.test',
      'xn--bcher-kva.example',
      'payments',
      'payments.production.svc',
    ]);
  });

  test('a public suffix alone is refused with an acme issuer even where the policy allows every name', async () => {
    await api.putTeam('open', { names: ['**'] });
    await api.putIssuer('open', 'acme', { acme: ACME });
    const spec = { dnsNames: ['co.uk'], issuerRef: { name: 'acme' } };
    const { json } = await api.send('PUT', '/v1/teams/open/certificates/a', { json: { spec } });
    expect(json).toMatchObject({ status: 422, code: 'PublicSuffixAlone', field: 'spec.dnsNames[0]' });
  });

  test('one more than the quota is refused, and a change of what is there is not', async () => {
    await api.putTeam('small', { quota: 1 });
    await api.putIssuer('small', 'own', { selfSigned: {} });
    const put = (name: string, host: string) =>
      api.send('PUT', `/v1/teams/small/certificates/${name}`, {
        json: { spec: { dnsNames: [host], issuerRef: { name: 'own' } } },
      });
    expect((await put('one', 'a.test')).status).toBe(201);
    await api.projected();
    expect((await put('two', 'b.test')).json).toMatchObject({ status: 403, code: 'QuotaReached' });
    expect((await put('one', 'c.test')).status).toBe(200);
  });

  test('an issuer that is not ready is taken, and the certificate says what it waits for', async () => {
    const spec = { dnsNames: ['app.example.test'], issuerRef: { name: 'ca' } };
    const { status, json } = await api.send('PUT', '/v1/teams/web/certificates/waits', { json: { spec } });
    expect(status).toBe(201);
    expect(json.status.issuer).toMatchObject({ name: 'ca', ready: 'Unknown' });
  });

  test('a team that is not there is 404', async () => {
    const spec = { dnsNames: ['app.example.test'], issuerRef: { name: 'own' } };
    const { json } = await api.send('PUT', '/v1/teams/none/certificates/app', { json: { spec } });
    expect(json).toMatchObject({ status: 404, code: 'TeamNotFound' });
  });
});

const pem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
const body = (text: string): string => text.replace(/-----[A-Z ]+-----/g, '');

const rsa = (modulusLength: number): string =>
  generateKeyPairSync('rsa', { modulusLength }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Our own adapter makes no such request. */
async function weakRequest(): Promise<string> {
  const signingAlgorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const algorithm = { ...signingAlgorithm, modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await Pkcs10CertificateRequestGenerator.create({ name: 'CN=app.example.test', keys, signingAlgorithm });
  return made.toString('pem');
}
