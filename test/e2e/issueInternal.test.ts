import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CertificateSpec } from '../../lib/domain/spec.ts';
import {
  type Core,
  loadCertificate,
  putCluster,
  putIssuer,
  putTeam,
  requestCertificate,
  settled,
  specOf,
  startCore,
} from '../support/core.ts';
import { certificatesOf, opensslVerify, renew } from '../support/issuing.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { sharedCluster } from '../support/peers/sharedCluster.ts';
import { tempDir } from '../support/temp.ts';

const TEAM = 'shop';
const ref = (name: string) => ({ name, kind: 'Issuer' }) as const;

describeWith(['kubernetes', 'openssl'], 'a certificate of an internal CA', () => {
  let cluster: Awaited<ReturnType<typeof sharedCluster>>;
  let namespace: string;
  let core: Core;
  let roots: string;

  beforeAll(async () => {
    cluster = await sharedCluster();
    namespace = await cluster.makeNamespace('internal');
    roots = tempDir('roots');
    core = await startCore(tempDir('internal'), { directoryRoots: [roots] });
    const { services } = core;
    await putTeam(services, TEAM);
    await putCluster(services, 'prod', cluster.kubeconfig());
    await putIssuer(services, TEAM, 'self', { selfSigned: {} });
    await putIssuer(services, TEAM, 'root', { ca: { secretName: 'root-tls' } });
    await putIssuer(services, TEAM, 'sub', { ca: { secretName: 'sub-tls' } });
    const ca = (commonName: string): Partial<CertificateSpec> => ({ commonName, isCA: true, duration: '87600h' });
    await requestCertificate(
      services,
      TEAM,
      'root',
      specOf({ ...ca('Shop root'), issuerRef: ref('self'), secretName: 'root-tls' }),
    );
    // Asked for at once: whoever needs the CA waits until it is there.
    await requestCertificate(
      services,
      TEAM,
      'sub',
      specOf({ ...ca('Shop sub CA'), duration: '43800h', issuerRef: ref('root'), secretName: 'sub-tls' }),
    );
    await settled(services, TEAM, 'root');
    await settled(services, TEAM, 'sub');
  });
  afterAll(() => core?.stop());

  const rootPem = async () => {
    const { issued } = await loadCertificate(core.services, TEAM, 'root');
    return Buffer.from((await core.services.vault.open(issued!.chainRef, TEAM))!).toString('utf8');
  };

  it('arrives as a Secret with leaf and intermediate in tls.crt and the root in ca.crt', async () => {
    const destination = { kind: 'kubernetes', cluster: 'prod', namespace, secretName: 'payments' } as const;
    await requestCertificate(
      core.services,
      TEAM,
      'payments',
      specOf({
        dnsNames: ['payments', 'payments.production.svc'],
        ipAddresses: ['10.0.0.7'],
        issuerRef: ref('sub'),
        secretName: 'payments',
        destinations: [destination],
      }),
    );
    await settled(core.services, TEAM, 'payments');
    const secret = await cluster.secret(namespace, 'payments');
    const file = (key: string) => Buffer.from(secret!.data![key]!, 'base64').toString('utf8');
    const chain = certificatesOf(file('tls.crt'));
    expect(chain.map(({ subject }) => subject)).toEqual([undefined, 'CN=Shop sub CA']);
    expect(file('ca.crt')).toBe(await rootPem());
    expect(await opensslVerify(file('tls.crt'), file('ca.crt'))).toMatch(/: OK$/);
    expect(chain[0]!.checkPrivateKey(createPrivateKey(file('tls.key')))).toBe(true);
    expect(chain[0]!.subjectAltName).toBe('DNS:payments, DNS:payments.production.svc, IP Address:10.0.0.7');
  });

  it('arrives in a directory, the key for its owner alone, and is replaced there by a renewal', async () => {
    const path = join(roots, 'nginx');
    await requestCertificate(
      core.services,
      TEAM,
      'files',
      specOf({ dnsNames: ['files.internal'], issuerRef: ref('sub'), destinations: [{ kind: 'directory', path }] }),
    );
    await settled(core.services, TEAM, 'files');
    const read = (file: string) => readFileSync(join(path, file), 'utf8');
    const before = new X509Certificate(read('tls.crt'));
    expect(before.checkPrivateKey(createPrivateKey(read('tls.key')))).toBe(true);
    expect(statSync(join(path, 'tls.key')).mode & 0o777).toBe(0o600);
    expect(await opensslVerify(read('tls.crt'), read('ca.crt'))).toMatch(/: OK$/);
    await renew(core.services, TEAM, 'files', 1);
    await settled(core.services, TEAM, 'files');
    const after = new X509Certificate(read('tls.crt'));
    expect(after.serialNumber).not.toBe(before.serialNumber);
    expect(after.checkPrivateKey(createPrivateKey(read('tls.key')))).toBe(true);
  });

  it('never outlives its CA', async () => {
    await requestCertificate(
      core.services,
      TEAM,
      'long',
      specOf({ dnsNames: ['long.internal'], issuerRef: ref('sub'), duration: '87600h' }),
    );
    const { issued } = await settled(core.services, TEAM, 'long');
    const sub = await loadCertificate(core.services, TEAM, 'sub');
    expect(issued!.notAfter).toBe(sub.issued!.notAfter);
  });
});
