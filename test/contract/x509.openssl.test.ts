import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { toPem } from '../../lib/adapters/x509/pem.ts';
import { x509 } from '../../lib/adapters/x509/x509.ts';
import type { KeyKind } from '../../lib/domain/spec.ts';
import { instant } from '../../lib/domain/time.ts';
import { openssl, runCommand } from '../support/commands.ts';
import { type Issued, issue, noNames, P256 } from '../support/internalCa.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { tempDir } from '../support/temp.ts';
import { authority, keyKinds, leafKinds } from './x509Kinds.ts';

const adapter = x509();
const folder = tempDir('x509');

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** What `openssl verify` says of a leaf, as strictly as it can, for a server with this name. */
async function verdict(root: Issued, intermediate: Issued, leaf: Issued, host = 'app.example.test'): Promise<string> {
  const trust = ['-CAfile', file('root.pem', root.certificate), '-untrusted', file('ca.pem', intermediate.certificate)];
  const checks = ['-x509_strict', '-purpose', 'sslserver', '-verify_hostname', host];
  const { stdout, stderr } = await runCommand('openssl', [
    'verify',
    ...checks,
    ...trust,
    file('leaf.pem', leaf.certificate),
  ]);
  return stdout + stderr;
}

/** `openssl x509 -text` of one extension, title line left out. */
async function extensionText(certificate: string, name: string): Promise<string> {
  const text = await openssl(['x509', '-noout', '-ext', name], certificate);
  return text.split('\n').slice(1).join('').trim();
}

describeWith(['openssl'], 'openssl on what the internal CA makes', () => {
  describe.each(keyKinds)('with a CA of kind %s', (_, kind) => {
    let ca: { root: Issued; intermediate: Issued };
    beforeAll(async () => {
      ca = await authority(kind);
    });

    it('verifies every kind of leaf', async () => {
      for (const [, wanted] of leafKinds) {
        const leaf = await issue(wanted, ca.intermediate);
        expect(await verdict(ca.root, ca.intermediate, leaf)).toContain('leaf.pem: OK');
      }
    });

    it('refuses a leaf for another name', async () => {
      const leaf = await issue({ dnsNames: ['other.example.test'] }, ca.intermediate);
      expect(await verdict(ca.root, ca.intermediate, leaf)).toContain('hostname mismatch');
    });

    it('verifies a leaf whose key is of the same kind', async () => {
      const leaf = await issue({ dnsNames: ['app.example.test'] }, ca.intermediate, kind);
      expect(await verdict(ca.root, ca.intermediate, leaf)).toContain('leaf.pem: OK');
    });
  });

  it('shows the extensions of a leaf as RFC 5280 asks', async () => {
    const { intermediate } = await authority(P256);
    const { certificate } = await issue({ dnsNames: ['app.example.test'], ipAddresses: ['10.0.0.1'] }, intermediate);
    const caKeyId = await extensionText(intermediate.certificate, 'subjectKeyIdentifier');
    const lines = (await openssl(['x509', '-noout', '-text'], certificate)).split('\n').map((line) => line.trim());
    const after = (title: string) => lines[lines.indexOf(title) + 1];
    expect(lines).toContain('Version: 3 (0x2)');
    expect(after('X509v3 Key Usage: critical')).toBe('Digital Signature');
    expect(after('X509v3 Extended Key Usage:')).toBe('TLS Web Server Authentication');
    expect(after('X509v3 Basic Constraints: critical')).toBe('CA:FALSE');
    expect(after('X509v3 Subject Alternative Name: critical')).toBe('DNS:app.example.test, IP Address:10.0.0.1');
    expect(after('X509v3 Authority Key Identifier:')).toBe(caKeyId);
  });

  it('shows the extensions of a CA as RFC 5280 asks, and key encipherment with an RSA key alone', async () => {
    const { root, intermediate } = await authority(P256);
    const rsa = await issue({ commonName: 'app', dnsNames: ['a.test'] }, root, { algorithm: 'RSA', size: 2048 });
    expect(await extensionText(root.certificate, 'keyUsage')).toBe('Digital Signature, Certificate Sign, CRL Sign');
    expect(await extensionText(intermediate.certificate, 'basicConstraints')).toBe('CA:TRUE');
    expect(await extensionText(rsa.certificate, 'keyUsage')).toBe('Digital Signature, Key Encipherment');
    const named = await issue({ dnsNames: ['a.test'] });
    for (const { certificate } of [rsa, named]) {
      const title = await openssl(['x509', '-noout', '-ext', 'subjectAltName'], certificate);
      expect(title).toMatch(/^X509v3 Subject Alternative Name: *\n/);
    }
  });
});

/** A self-signed certificate that openssl makes, with these extensions beside its own. */
async function foreign(name: string, ...extensions: string[]): Promise<Issued> {
  const key = join(folder, `${name}.key`);
  const command = ['req', '-x509', '-nodes', '-days', '60', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const added = extensions.flatMap((extension) => ['-addext', extension]);
  const certificate = await openssl([...command, '-keyout', key, '-subj', `/O=${name}`, ...added]);
  return { certificate, key: readFileSync(key, 'utf8') };
}

describeWith(['openssl'], 'a CA that openssl made', () => {
  const CA = 'basicConstraints=critical,CA:TRUE';

  it('signs here, linked by the key identifier that openssl gave it', async () => {
    const root = await foreign('plain', 'keyUsage=critical,keyCertSign');
    const leaf = await issue({ dnsNames: ['app.example.test'] }, root);
    expect(await verdict(root, root, leaf)).toContain('leaf.pem: OK');
  });

  it('signs leaves but no CAs when its path length is 0', async () => {
    const root = await foreign('short', `${CA},pathlen:0`, 'keyUsage=critical,keyCertSign');
    const leaf = await issue({ dnsNames: ['app.example.test'] }, root);
    expect(await verdict(root, root, leaf)).toContain('leaf.pem: OK');
    await expect(issue({ commonName: 'CA', isCA: true, notAfter: soon() }, root)).rejects.toMatchObject({
      code: 'IssuerNotCA',
      message: expect.stringContaining('path length 0'),
    });
  });

  it('signs here when it has no key usage extension, which allows everything', async () => {
    const root = await foreign('silent');
    const leaf = await issue({ dnsNames: ['app.example.test'] }, root);
    expect(adapter.readChain(leaf.certificate)[0]).toMatchObject({ issuerDN: 'O=silent' });
  });

  it('signs nothing when its key usage does not allow it', async () => {
    const root = await foreign('mute', CA, 'keyUsage=critical,cRLSign');
    await expect(issue({ dnsNames: ['a.test'] }, root)).rejects.toMatchObject({ code: 'IssuerNotCA' });
  });
});

const soon = () => instant(Date.now() + 24 * 3_600_000);

describeWith(['openssl'], 'openssl on keys and requests', () => {
  it.each(keyKinds)('verifies a request with a key of kind %s and reads its names', async (_, kind) => {
    const names = { dnsNames: ['a.example.test', '*.example.test'], ipAddresses: ['10.0.0.1'] };
    const other = { uris: ['spiffe://example.test/a'], emailAddresses: ['a@example.test'] };
    const csr = await adapter.createCsr({ ...names, ...other }, await adapter.generateKey(kind));
    const pem = toPem('CERTIFICATE REQUEST', csr);
    const { code, stdout, stderr } = await runCommand('openssl', ['req', '-verify', '-noout', '-text'], pem);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('verify OK') });
    expect(stdout).toContain(
      'DNS:a.example.test, DNS:*.example.test, IP Address:10.0.0.1, URI:spiffe://example.test/a, email:a@example.test',
    );
    expect(stdout).toContain('X509v3 Subject Alternative Name: critical');
  });

  it('reads the subject of a request', async () => {
    const subject = { organizations: ['Sceaux & Söhne'], countries: ['DE'] };
    const key = await adapter.generateKey(P256);
    const csr = await adapter.createCsr({ ...noNames, commonName: 'a.test', subject, dnsNames: ['a.test'] }, key);
    const pem = toPem('CERTIFICATE REQUEST', csr);
    const shown = await openssl(['req', '-noout', '-subject', '-nameopt', 'RFC2253,-esc_msb,utf8'], pem);
    expect(shown).toBe('subject=CN=a.test,O=Sceaux & Söhne,C=DE\n');
    expect(await openssl(['req', '-noout', '-text'], pem)).not.toContain('critical');
  });

  it.each(keyKinds)('accepts a key of kind %s in both encodings', async (_, kind) => {
    const pem = await adapter.generateKey(kind);
    for (const encoding of ['PKCS1', 'PKCS8'] as const) {
      expect(await openssl(['pkey', '-check', '-noout'], adapter.encodeKey(pem, encoding))).toContain('Key is valid');
    }
  });

  it.each<[string, string[], KeyKind]>([
    ['RSA with SHA-384', ['rsa:2048', '-sha384'], { algorithm: 'RSA', size: 2048 }],
    ['P-384 with SHA-256', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-sha256'], { algorithm: 'ECDSA', size: 384 }],
    ['Ed25519', ['ed25519'], { algorithm: 'Ed25519', size: 256 }],
  ])('makes a request (%s) that is read here', async (_, key, keyKind) => {
    const subject = ['-subj', '/C=DE/O=Acme/emailAddress=a@example.test/CN=a.example.test'];
    const san = ['-addext', 'subjectAltName=DNS:A.example.test,IP:2001:db8::1', '-addext', 'keyUsage=digitalSignature'];
    const command = ['req', '-new', '-nodes', '-keyout', join(folder, 'new.key'), '-newkey', ...key];
    const facts = await adapter.readCsr(await openssl([...command, ...subject, ...san]));
    expect(facts).toMatchObject({
      commonName: 'a.example.test',
      subject: { countries: ['DE'], organizations: ['Acme'] },
      dnsNames: ['a.example.test'],
      ipAddresses: ['2001:db8::1'],
      keyKind,
    });
  });

  it.each<[string, string[], string]>([
    ['RSA of 1024 bits', ['-newkey', 'rsa:1024'], 'WeakKey'],
    ['brainpool', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:brainpoolP256r1'], 'WeakKey'],
    [
      'a curve spelled out',
      ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:explicit'],
      'WeakKey',
    ],
    ['SHA-1', ['-newkey', 'rsa:2048', '-sha1'], 'CsrSignatureInvalid'],
  ])('makes a request (%s) that is refused here', async (_, key, code) => {
    const command = ['req', '-new', '-nodes', '-subj', '/CN=a.test', '-keyout', join(folder, 'weak.key')];
    const csr = await openssl([...command, ...key]);
    await expect(adapter.readCsr(csr)).rejects.toMatchObject({ name: 'Refusal', code });
  });

  it('makes a certificate whose names are read here as openssl shows them', async () => {
    const subject = ['-multivalue-rdn', '-subj', '/DC=test/O=Acme, Inc./CN=a+UID=7'];
    const command = ['req', '-x509', '-nodes', '-days', '1', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    const pem = await openssl([...command, '-keyout', join(folder, 'other.key'), ...subject]);
    const shown = await openssl(['x509', '-noout', '-subject', '-nameopt', 'RFC2253'], pem);
    const facts = adapter.readChain(pem)[0]!;
    expect(`subject=${facts.subjectDN}\n`).toBe(shown);
    const keyId = await extensionText(pem, 'subjectKeyIdentifier');
    expect(facts.subjectKeyId).toBe(keyId.replaceAll(':', '').toLowerCase());
  });
});
