import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { x509 } from '../../../lib/adapters/x509/x509.ts';
import { Refusal } from '../../../lib/domain/refusal.ts';
import { type Issued, issue, issueRoot } from '../../support/internalCa.ts';

const adapter = x509();
let root: Issued;
let leaf: Issued;

beforeAll(async () => {
  root = await issueRoot();
  leaf = await issue(
    {
      commonName: 'app.example.test',
      subject: { organizations: ['Acme, Inc.'] },
      dnsNames: ['app.example.test', '*.example.test'],
      ipAddresses: ['10.0.0.1', '2001:db8::1'],
      uris: ['spiffe://example.test/app'],
      emailAddresses: ['app@example.test'],
      serial: '00c0ffee',
    },
    root,
  );
});

describe('reading a chain', () => {
  it('says of a certificate what node says of it', () => {
    const facts = adapter.readChain(leaf.certificate)[0]!;
    const native = new X509Certificate(leaf.certificate);
    expect(facts.fingerprint).toBe(native.fingerprint256.replaceAll(':', '').toLowerCase());
    expect(facts.serial).toBe(native.serialNumber.toLowerCase());
    expect(facts.notBefore).toBe(native.validFromDate.toISOString());
    expect(facts.notAfter).toBe(native.validToDate.toISOString());
    expect(facts.publicKeyHash).toBe(adapter.publicKeyHash(native.publicKey.export({ type: 'spki', format: 'der' })));
    expect(facts).toMatchObject({
      commonName: 'app.example.test',
      subject: { organizations: ['Acme, Inc.'] },
      dnsNames: ['app.example.test', '*.example.test'],
      ipAddresses: ['10.0.0.1', '2001:db8::1'],
      uris: ['spiffe://example.test/app'],
      emailAddresses: ['app@example.test'],
      serial: 'c0ffee',
      isCA: false,
      subjectDN: 'CN=app.example.test,O=Acme\\, Inc.',
      issuerDN: 'CN=Test Root',
    });
  });

  it('gives every certificate in its order and passes over what stands between them', () => {
    const bundle = `# leaf\r\n${leaf.certificate.replaceAll('\n', '\r\n')}\nsubject=\n${leaf.key}\n-----\n${root.certificate}`;
    const facts = adapter.readChain(bundle);
    expect(facts.map(({ isCA }) => isCA)).toEqual([false, true]);
    expect(facts.map(({ pem }) => pem).join('')).toBe(leaf.certificate + root.certificate);
  });

  it.each<[string, () => string, string]>([
    ['nothing', () => '', 'no PEM block CERTIFICATE'],
    ['a key alone', () => leaf.key, 'no PEM block CERTIFICATE'],
    ['a block without end', () => leaf.certificate.slice(0, -10), 'no end line'],
    ['a second certificate that is broken', () => leaf.certificate + root.certificate.replace('MII', 'MIJ'), 'parse'],
  ])('refuses %s', (_, pem, message) => {
    expect(() => adapter.readChain(pem())).toThrow(
      expect.objectContaining({ code: 'InvalidCertificate', message: expect.stringContaining(message) }),
    );
  });

  it('throws nothing but a Refusal when any octets are changed', () => {
    const der = Buffer.from(leaf.certificate.replace(/-----.*-----|\s/g, ''), 'base64');
    const change = fc.record({ at: fc.nat(), to: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = Buffer.from(der);
        for (const { at, to } of changes) changed[at % changed.length] = to;
        refusesOrReads(`-----BEGIN CERTIFICATE-----\n${changed.toString('base64')}\n-----END CERTIFICATE-----`);
      }),
      { numRuns: 500 },
    );
  });

  it('throws nothing but a Refusal, whatever the text', () => {
    const block = fc.tuple(fc.constantFrom('CERTIFICATE', 'X'), fc.base64String({ maxLength: 80 }));
    const text = block.map(([label, inner]) => `-----BEGIN ${label}-----${inner}-----END ${label}-----`);
    fc.assert(fc.property(fc.oneof(fc.string(), text), refusesOrReads));
  });
});

function refusesOrReads(pem: string): void {
  try {
    expect(adapter.readChain(pem).length).toBeGreaterThan(0);
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal);
  }
}
