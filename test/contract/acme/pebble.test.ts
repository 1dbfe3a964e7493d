import { X509Certificate } from 'node:crypto';
import type { Server } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AcmeAccount, AcmeEndpoint } from '../../../lib/ports/acmeServer.ts';
import {
  idOf,
  newAcme,
  newCsr,
  newSigner,
  type Ordering,
  obtain,
  settle,
  startHttp01,
  validate,
} from '../../support/acmeClient.ts';
import { type Challtestsrv, startChalltestsrv } from '../../support/peers/challtestsrv.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { type Pebble, startPebble } from '../../support/peers/pebble.ts';

describeWith(['pebble'], 'an order at Pebble', () => {
  const acme = newAcme();
  let dns: Challtestsrv;
  let pebble: Pebble;
  let endpoint: AcmeEndpoint;
  let account: AcmeAccount;
  let web: { tokens: Map<string, string>; server: Server };
  let http01: Ordering;
  let dns01: Ordering;

  beforeAll(async () => {
    dns = await startChalltestsrv();
    pebble = await startPebble({
      dnsServer: dns.address,
      alternateRoots: 2,
      profiles: { default: 7_776_000, shortlived: 518_400 },
      blocked: ['blocked.example.test'],
    });
    web = await startHttp01(pebble.httpPort);
    endpoint = { server: pebble.directoryUrl, caBundle: pebble.caPem };
    const signer = newSigner();
    const { url } = await acme.register(endpoint, signer, { contact: [], termsOfServiceAgreed: true });
    account = { signer, url };
    http01 = {
      acme,
      endpoint,
      account,
      type: 'http-01',
      present: (_authorization, challenge, value) => void web.tokens.set(challenge.token!, value),
    };
    dns01 = {
      ...http01,
      type: 'dns-01',
      present: (authorization, _challenge, value) =>
        dns.setTxt(`_acme-challenge.${authorization.identifier.value}`, acme.dns01Value(value)),
    };
  });
  afterAll(async () => {
    await acme.http.close();
    web?.server.close();
    await Promise.all([pebble?.stop(), dns?.stop()]);
  });

  it('answers the directory: profiles, terms, renewal information', async () => {
    const meta = await acme.meta(endpoint);
    expect(Object.keys(meta.profiles).toSorted()).toEqual(['default', 'shortlived']);
    expect(meta).toMatchObject({ externalAccountRequired: false, caaIdentities: ['pebble.example.test'] });
    expect(meta.renewalInfo).toMatch(/^https:/);
    expect(meta.termsOfService).toBeTruthy();
  });

  it('is issued by http-01, leaf first, for the names asked', async () => {
    const { order, chain } = await obtain(http01, ['a.example.test', 'b.example.test'], { profile: 'default' });
    expect(order).toMatchObject({ status: 'valid', profile: 'default' });
    const leaf = new X509Certificate(chain);
    expect(leaf.subjectAltName).toBe('DNS:a.example.test, DNS:b.example.test');
    expect(chain.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });

  it('is issued by dns-01 for a wildcard, whose authorization says so', async () => {
    const identifiers = [{ type: 'dns' as const, value: '*.wild.example.test' }];
    const order = await acme.newOrder(endpoint, account, { identifiers, profile: 'default' });
    const authorization = await acme.authorization(endpoint, account, order.authorizations[0]!);
    expect(authorization).toMatchObject({
      wildcard: true,
      identifier: { value: 'wild.example.test' },
      status: 'pending',
    });
    expect(authorization.expires).toMatch(/^\d{4}-.*Z$/);
    const { chain } = await obtain(dns01, ['*.wild.example.test'], { profile: 'default' });
    expect(new X509Certificate(chain).subjectAltName).toBe('DNS:*.wild.example.test');
  });

  it('is issued for an IP address', async () => {
    const { chain } = await obtain(http01, ['127.0.0.1'], { profile: 'default' });
    expect(new X509Certificate(chain).subjectAltName).toBe('IP Address:127.0.0.1');
  });

  it('replaces a certificate once (RFC 9773 5)', async () => {
    const names = ['replaced.example.test'];
    const { chain } = await obtain(http01, names, { profile: 'default' });
    const replaces = idOf(new X509Certificate(chain));
    expect((await obtain(http01, names, { profile: 'default', replaces })).order.status).toBe('valid');
    await expect(obtain(http01, names, { profile: 'default', replaces })).rejects.toMatchObject({
      failure: { class: 'now', problem: { type: 'alreadyReplaced', status: 409 } },
    });
  });

  it('has the profile asked for', async () => {
    const { chain } = await obtain(http01, ['short.example.test'], { profile: 'shortlived' });
    const leaf = new X509Certificate(chain);
    const days = (leaf.validToDate.getTime() - leaf.validFromDate.getTime()) / 86_400_000;
    expect(Math.round(days)).toBe(6);
  });

  it('gives the chain that ends at the preferred root, else the default one', async () => {
    const { order, chain } = await obtain(http01, ['chain.example.test'], { profile: 'default' });
    const name = async (index: number) => /CN=(.*)/.exec(new X509Certificate(await pebble.roots(index)).subject)![1]!;
    const [first, third] = [await name(0), await name(2)];
    const top = (pem: string) => new X509Certificate(pem.slice(pem.lastIndexOf('-----BEGIN'))).issuer;
    const preferred = (cn: string) => acme.download(endpoint, account, order.certificate!, cn);
    expect(top(chain)).toContain(first);
    expect(top(await preferred(third))).toContain(third);
    expect(await preferred('No Such Root')).toBe(chain);
  });

  it('becomes invalid on a wrong answer, and the challenge says which name and why', async () => {
    const wrong: Ordering = {
      ...http01,
      present: (_authorization, challenge) => void web.tokens.set(challenge.token!, 'wrong'),
    };
    const identifiers = [{ type: 'dns' as const, value: 'wrong.example.test' }];
    const order = await acme.newOrder(endpoint, account, { identifiers, profile: 'default' });
    expect(await validate(wrong, order)).toMatchObject({ status: 'invalid' });
    const authorization = await acme.authorization(endpoint, account, order.authorizations[0]!);
    const failed = authorization.challenges.find((challenge) => challenge.status === 'invalid')!;
    expect(authorization).toMatchObject({
      status: 'invalid',
      identifier: { type: 'dns', value: 'wrong.example.test' },
    });
    expect(failed.problem).toMatchObject({ class: 'person', problem: { type: 'unauthorized', status: 403 } });
    expect(failed.problem?.problem.detail).toContain('wrong');
  });

  it('is refused with a typed problem for a name, a profile, a CSR and a wrong moment', async () => {
    const place = (value: string, profile: string) =>
      acme.newOrder(endpoint, account, { identifiers: [{ type: 'dns', value }], profile });
    await expect(place('blocked.example.test', 'default')).rejects.toMatchObject({
      name: 'AcmeError',
      action: 'newOrder',
      accepted: 'no',
      failure: { class: 'person', problem: { type: 'rejectedIdentifier' } },
    });
    await expect(place('a.example.test', 'nosuch')).rejects.toMatchObject({
      failure: { class: 'configuration', problem: { type: 'invalidProfile' } },
    });
    const order = await place('early.example.test', 'default');
    const finalize = async (names: string[]) => acme.finalize(endpoint, account, order, await newCsr(names));
    await expect(finalize(['early.example.test'])).rejects.toMatchObject({
      failure: { class: 'now', problem: { type: 'orderNotReady', status: 403 } },
    });
    await validate(http01, order);
    await expect(finalize(['other.example.test'])).rejects.toMatchObject({
      failure: { problem: { type: 'unauthorized', status: 403 } },
    });
  });

  it('ends in one certificate when finalize is repeated after it was taken', async () => {
    const identifiers = [{ type: 'dns' as const, value: 'twice.example.test' }];
    const ready = await validate(http01, await acme.newOrder(endpoint, account, { identifiers, profile: 'default' }));
    const csr = await newCsr(['twice.example.test']);
    await acme.finalize(endpoint, account, ready, csr);
    await expect(acme.finalize(endpoint, account, ready, csr)).rejects.toMatchObject({ failure: { class: 'now' } });
    expect(await settle(http01, ready.url, ['ready', 'processing'])).toMatchObject({ status: 'valid' });
  });
});
