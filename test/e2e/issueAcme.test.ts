import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { x509 } from '../../lib/adapters/x509/x509.ts';
import type { CertificateSpec } from '../../lib/domain/spec.ts';
import { type AcmeSetup, startAcmeSetup, TEAM } from '../support/acmeSetup.ts';
import {
  type Core,
  putCluster,
  putCredential,
  putIssuer,
  requestCertificate,
  settled,
  specOf,
} from '../support/core.ts';
import { noNames } from '../support/internalCa.ts';
import {
  acmeIssuer,
  certificatesOf,
  eventsOf,
  http01,
  issuedChain,
  keyHash,
  newestIssuance,
  opensslVerify,
  renew,
  rfc2136,
  TSIG,
} from '../support/issuing.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import type { NameServer } from '../support/peers/dns.ts';
import type { Pebble } from '../support/peers/pebble.ts';
import { sharedCluster } from '../support/peers/sharedCluster.ts';

const ref = (name: string) => ({ name, kind: 'Issuer' }) as const;

describeWith(['pebble', 'bind', 'kubernetes', 'openssl'], 'a certificate of an ACME CA', () => {
  let setup: AcmeSetup;
  let pebble: Pebble;
  let bind: NameServer;
  let cluster: Awaited<ReturnType<typeof sharedCluster>>;
  let namespace: string;
  let core: Core;

  beforeAll(async () => {
    const records = ['_acme-challenge.www CNAME _acme-challenge.www.delegated.test.'];
    const closed = { name: 'shop.test', allowUpdate: false, records };
    cluster = await sharedCluster();
    namespace = await cluster.makeNamespace('issue');
    setup = await startAcmeSetup('issue', {
      bind: { zones: ['example.test', closed, 'delegated.test'] },
      pebble: { alternateRoots: 1, profiles: { default: 90 * 86_400, shortlived: 6 * 86_400 } },
    });
    ({ bind, pebble, core } = setup);
    const { services } = core;
    await putCredential(services, TEAM, TSIG, { secret: bind.tsigSecret });
    await putCluster(services, 'prod', cluster.kubeconfig());
    await putIssuer(services, TEAM, 'http', acmeIssuer(pebble));
    await putIssuer(services, TEAM, 'dns', acmeIssuer(pebble, { solvers: [rfc2136(bind)] }));
  });
  afterAll(() => setup?.stop());

  /** Requests the certificate into a Secret of its name, waits for both, and gives the Secret's files. */
  async function issue(name: string, spec: Partial<CertificateSpec> & Pick<CertificateSpec, 'issuerRef'>) {
    const destination = { kind: 'kubernetes', cluster: 'prod', namespace, secretName: name } as const;
    const whole = specOf({ ...spec, secretName: name, destinations: [destination] });
    await requestCertificate(core.services, TEAM, name, whole);
    await settled(core.services, TEAM, name);
    return secretOf(name);
  }

  async function secretOf(name: string) {
    const secret = (await cluster.secret(namespace, name))!;
    const file = (key: string) => {
      const value = secret.data?.[key];
      return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
    };
    const chain = file('tls.crt')!;
    return { secret, chain, key: file('tls.key'), ca: file('ca.crt'), leaf: certificatesOf(chain)[0]! };
  }

  it('is proved over http-01 and arrives as a Secret that openssl verifies under the root of the CA', async () => {
    const { secret, chain, key, leaf } = await issue('web', {
      dnsNames: ['web.example.test', 'www.web.example.test'],
      issuerRef: ref('http'),
      secretTemplate: { labels: { app: 'web' }, annotations: { 'example.test/owner': 'shop' } },
    });
    expect(await opensslVerify(chain, await pebble.roots())).toMatch(/: OK$/);
    expect(leaf.checkPrivateKey(createPrivateKey(key!))).toBe(true);
    expect(leaf.subjectAltName?.split(', ').sort()).toEqual(['DNS:web.example.test', 'DNS:www.web.example.test']);
    expect(certificatesOf(chain).length).toBeGreaterThan(1);
    expect(secret.type).toBe('kubernetes.io/tls');
    expect(secret.metadata.labels).toEqual({ app: 'web', 'controller.cert-manager.io/fao': 'true' });
    expect(secret.metadata.annotations).toMatchObject({
      'example.test/owner': 'shop',
      'cert-manager.io/certificate-name': 'web',
      'cert-manager.io/issuer-name': 'http',
      'cert-manager.io/issuer-kind': 'Issuer',
      'cert-manager.io/issuer-group': 'cert-manager.io',
      'cert-manager.io/alt-names': 'web.example.test,www.web.example.test',
    });
    const shown = await presented('web');
    expect(shown).toHaveLength(2);
    for (const { target } of shown) expect(await core.services.challengeTokens.find(target)).toBeUndefined();
  });

  it('holds a name and its wildcard, proved over dns-01 side by side in one record set', async () => {
    const name = 'app.example.test';
    const { chain, leaf } = await issue('app', { dnsNames: [name, `*.${name}`], issuerRef: ref('dns') });
    expect(await opensslVerify(chain, await pebble.roots())).toMatch(/: OK$/);
    expect(leaf.subjectAltName?.split(', ').sort()).toEqual([`DNS:*.${name}`, `DNS:${name}`]);
    const shown = await presented('app');
    expect(shown.map(({ target }) => target)).toEqual(Array(2).fill(`_acme-challenge.${name}`));
    expect(new Set(shown.map(({ value }) => value)).size).toBe(2);
    expect(await bind.query(`_acme-challenge.${name}`, 'TXT')).toEqual([]);
  });

  it('leaves alone the TXT values that others put at the same name', async () => {
    await bind.update(['add _acme-challenge.beside.example.test 1 TXT "of somebody else"']);
    await issue('beside', { dnsNames: ['beside.example.test'], issuerRef: ref('dns') });
    expect(await bind.query('_acme-challenge.beside.example.test', 'TXT')).toEqual(['of somebody else']);
  });

  it('is proved in another zone where _acme-challenge is a CNAME to it', async () => {
    const dns01 = { ...rfc2136(bind).dns01!, cnameStrategy: 'Follow' as const };
    await putIssuer(core.services, TEAM, 'delegated', acmeIssuer(pebble, { solvers: [{ dns01 }] }));
    const { leaf } = await issue('delegated', { dnsNames: ['www.shop.test'], issuerRef: ref('delegated') });
    expect(leaf.subjectAltName).toBe('DNS:www.shop.test');
    expect(await bind.query('_acme-challenge.www.delegated.test', 'TXT')).toEqual([]);
  });

  it('is issued for an IP address over http-01', async () => {
    const { chain, leaf } = await issue('ip', { ipAddresses: ['127.0.0.1'], issuerRef: ref('http') });
    expect(leaf.subjectAltName).toBe('IP Address:127.0.0.1');
    expect(await opensslVerify(chain, await pebble.roots())).toMatch(/: OK$/);
  });

  it('carries the key of a CSR and is delivered without any key', async () => {
    const adapter = x509();
    const key = await adapter.generateKey({ algorithm: 'ECDSA', size: 384 });
    const der = await adapter.createCsr({ ...noNames, dnsNames: ['csr.example.test'] }, key);
    const request = `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    const { leaf, key: delivered } = await issue('csr', {
      dnsNames: ['csr.example.test'],
      issuerRef: ref('http'),
      request,
    });
    expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true);
    // The API server wants the member in a kubernetes.io/tls Secret; it is empty.
    expect(delivered).toBe('');
    const events = await eventsOf(core.services, await newestIssuance(core.services, TEAM, 'csr'));
    expect(events.map((event) => event.type)).not.toContain('KeySealed');
  });

  it.each([
    ['Never', true],
    ['Always', false],
  ] as const)('keeps its key over a renewal, or not, as rotationPolicy %s says', async (rotationPolicy, kept) => {
    const name = `rotation-${rotationPolicy.toLowerCase()}`;
    const privateKey = { algorithm: 'RSA', size: 2048, encoding: 'PKCS1', rotationPolicy } as const;
    const first = await issue(name, { dnsNames: [`${name}.example.test`], issuerRef: ref('http'), privateKey });
    expect(first.leaf.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(first.key).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    await renew(core.services, TEAM, name, 1);
    await settled(core.services, TEAM, name);
    const second = await secretOf(name);
    expect(second.leaf.serialNumber).not.toBe(first.leaf.serialNumber);
    expect(keyHash(second.leaf) === keyHash(first.leaf)).toBe(kept);
    expect(second.leaf.checkPrivateKey(createPrivateKey(second.key!))).toBe(true);
  });

  it('takes the chain whose root is preferred', async () => {
    const root = new X509Certificate(await pebble.roots(1));
    const preferredChain = /^CN=(.+)$/m.exec(root.subject)![1]!;
    await putIssuer(core.services, TEAM, 'preferred', acmeIssuer(pebble, { preferredChain }));
    const { chain } = await issue('preferred', { dnsNames: ['preferred.example.test'], issuerRef: ref('preferred') });
    expect(await opensslVerify(chain, root.toString())).toMatch(/: OK$/);
    await expect(opensslVerify(chain, await pebble.roots(0))).rejects.toThrow(/unable to get/);
  });

  it('has the lifetime of the profile that its issuer names', async () => {
    await putIssuer(core.services, TEAM, 'short', acmeIssuer(pebble, { profile: 'shortlived' }));
    const { leaf } = await issue('short', { dnsNames: ['short.example.test'], issuerRef: ref('short') });
    const days = (Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)) / 86_400_000;
    expect(Math.round(days)).toBe(6);
  });

  it('shares one account with the other certificates of its issuer', async () => {
    const [account] = await core.services.store.streams('account/shop/http', 10);
    const events = await eventsOf(core.services, account!);
    expect(events.filter((event) => event.type === 'AccountRegistered')).toHaveLength(1);
  });

  /** What the newest issuance showed to the CA. */
  async function presented(name: string): Promise<{ target: string; value: string }[]> {
    const events = await eventsOf(core.services, await newestIssuance(core.services, TEAM, name));
    return events.filter((event) => event.type === 'PresentationIntended') as never;
  }
});

describeWith(['pebble', 'bind'], 'an ACME CA that demands an external account binding', () => {
  it('registers an account that is bound, and issues', async () => {
    const setup = await startAcmeSetup('eab', { pebble: { externalAccountRequired: true } });
    try {
      const { pebble } = setup;
      const { services } = setup.core;
      await putCredential(services, TEAM, 'eab', { key: pebble.eab.hmacKey });
      const externalAccountBinding = { keyID: pebble.eab.kid, keySecretRef: { name: 'eab', key: 'key' } };
      await putIssuer(services, TEAM, 'eab', acmeIssuer(pebble, { externalAccountBinding, solvers: [http01] }));
      const dnsNames = [`${randomBytes(3).toString('hex')}.example.test`];
      await setup.request('web', 'eab', { dnsNames });
      const { issued } = await settled(services, TEAM, 'web');
      expect(issued?.revision).toBe(1);
      expect(await opensslVerify(await issuedChain(services, TEAM, 'web'), await pebble.roots())).toMatch(/: OK$/);
    } finally {
      await setup.stop();
    }
  });
});
