import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

/** A key pair with its certificate, as PEM; the key is PKCS #8. */
export interface KeyAndCertificate {
  readonly certPem: string;
  readonly keyPem: string;
}

/** What a certificate of a test authority says. */
export interface TestCertificate {
  /** Distinguished name, such as `CN=admin, O=system:masters`. */
  readonly subject: string;
  /** DNS names and IP addresses. */
  readonly names?: readonly string[];
  readonly usage: 'server' | 'client';
  /** Days from now; 1 when absent. */
  readonly days?: number;
}

/** A CA that lives as long as the test: for the TLS of test servers and for client certificates. */
export interface TestAuthority extends KeyAndCertificate {
  issue(certificate: TestCertificate): Promise<KeyAndCertificate>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY = 86_400_000;
const purposes = { server: x509.ExtendedKeyUsage.serverAuth, client: x509.ExtendedKeyUsage.clientAuth };

const newKeys = () =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

const serial = () => `01${randomBytes(15).toString('hex')}`;

const lifetime = (days: number) => ({
  notBefore: new Date(Date.now() - 60_000),
  notAfter: new Date(Date.now() + days * DAY),
});

async function keyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
}

/** Makes a self-signed P-256 root named `CN=<name>` that signs leaves. */
export async function makeAuthority(name: string): Promise<TestAuthority> {
  const keys = await newKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name}`,
    ...lifetime(7),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certPem: `${root.toString('pem')}\n`,
    keyPem: await keyPem(keys),
    issue: (certificate) => issueLeaf(root, keys, certificate),
  };
}

async function issueLeaf(
  root: x509.X509Certificate,
  authority: webcrypto.CryptoKeyPair,
  { subject, names = [], usage, days = 1 }: TestCertificate,
): Promise<KeyAndCertificate> {
  const keys = await newKeys();
  const alternatives = names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }) as const);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject,
    issuer: root.subject,
    ...lifetime(days),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([purposes[usage]]),
      ...(alternatives.length > 0 ? [new x509.SubjectAlternativeNameExtension([...alternatives])] : []),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certPem: `${certificate.toString('pem')}\n`, keyPem: `${await keyPem(keys)}\n` };
}
