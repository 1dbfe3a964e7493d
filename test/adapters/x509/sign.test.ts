import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { x509 } from '../../../lib/adapters/x509/x509.ts';
import type { KeyKind } from '../../../lib/domain/spec.ts';
import { instant } from '../../../lib/domain/time.ts';
import { type Issued, issue, issueRoot, noNames, P256, type Wanted } from '../../support/internalCa.ts';

const adapter = x509();
const leafNames = { dnsNames: ['app.example.test'] };
let root: Issued;

beforeAll(async () => {
  root = await issueRoot();
});

const read = (issued: Issued) => adapter.readChain(issued.certificate)[0]!;
const refusal = (code: string) => expect.objectContaining({ name: 'Refusal', code });

describe('a certificate of our own CA', () => {
  it('reads back as what was asked for', async () => {
    const seconds = fc.integer({ min: 0, max: 3_000_000_000 });
    const wanted = fc
      .record({
        serial: fc.uint8Array({ minLength: 16, maxLength: 16 }).filter((octets) => octets[0] !== 0),
        notBefore: seconds,
        lifetime: fc.integer({ min: 1, max: 1_000_000_000 }),
        dnsNames: fc.array(
          fc.domain().map((name) => name.toLowerCase()),
          { minLength: 1, maxLength: 3 },
        ),
        organizations: fc.array(fc.string({ minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 2 }),
        isCA: fc.boolean(),
      })
      .map(({ serial, notBefore, lifetime, organizations, ...rest }) => ({
        ...rest,
        serial: Buffer.from(serial).toString('hex'),
        notBefore: instant(notBefore * 1000),
        notAfter: instant((notBefore + lifetime) * 1000),
        subject: { organizations },
      }));
    await fc.assert(
      fc.asyncProperty(wanted, async (asked) => {
        expect(read(await issue(asked))).toMatchObject(asked);
      }),
      { numRuns: 40 },
    );
  });

  it('is the same for the same input, but for the random signature of ECDSA', async () => {
    const key = await adapter.generateKey({ algorithm: 'Ed25519', size: 256 });
    const signer = await adapter.signer(key);
    const request = {
      ...noNames,
      ...leafNames,
      publicKey: signer.publicKey,
      keyKind: signer.kind,
      serial: '0a'.repeat(16),
      notBefore: '2026-01-01T00:00:00.000Z',
      notAfter: '2026-02-01T00:00:00.000Z',
      isCA: false,
      usages: [],
    };
    expect(await adapter.sign(request, { signer })).toBe(await adapter.sign(request, { signer }));
  });

  it('is linked to its CA by key identifier and name', async () => {
    const leaf = read(await issue(leafNames, root));
    const ca = read(root);
    expect(leaf.authorityKeyId).toBe(ca.subjectKeyId);
    expect(leaf.issuerDN).toBe(ca.subjectDN);
    expect(ca.authorityKeyId).toBe(ca.subjectKeyId);
  });

  it.each<[string, Wanted, string]>([
    ['a self-signed leaf without subject takes its first name', leafNames, 'CN=app.example.test'],
    ['a self-signed leaf with a subject keeps it', { ...leafNames, subject: { organizations: ['Acme'] } }, 'O=Acme'],
    ['a CA without subject takes its first name', { ipAddresses: ['10.0.0.1'], isCA: true }, 'CN=10.0.0.1'],
  ])('%s, because an issuer must have a name', async (_, wanted, dn) => {
    const facts = read(await issue(wanted));
    expect(facts.subjectDN).toBe(dn);
    expect(facts.issuerDN).toBe(dn);
  });

  it('takes the key identifier for a name where no name fits a common name', async () => {
    const long = `${'a'.repeat(60)}.example.test`;
    const facts = read(await issue({ dnsNames: [long], isCA: true }, root));
    expect(facts.subjectDN).toBe(`CN=${facts.subjectKeyId}`);
  });

  it.each<[string, Partial<KeyKind>, string]>([
    ['P-256', { size: 256 }, 'ecdsa-with-SHA256'],
    ['P-384', { size: 384 }, 'ecdsa-with-SHA384'],
    ['P-521', { size: 521 }, 'ecdsa-with-SHA512'],
    ['RSA', { algorithm: 'RSA', size: 2048 }, 'sha256WithRSAEncryption'],
    ['Ed25519', { algorithm: 'Ed25519' }, 'ED25519'],
  ])('signed by a CA with a %s key is verified by node', async (_, kind, algorithm) => {
    const ca = await issueRoot({ ...P256, ...kind });
    const leaf = new X509Certificate((await issue(leafNames, ca)).certificate);
    const authority = new X509Certificate(ca.certificate);
    expect(leaf.signatureAlgorithm).toBe(algorithm);
    expect(leaf.checkIssued(authority)).toBe(true);
    expect(leaf.verify(authority.publicKey)).toBe(true);
    expect(authority.verify(authority.publicKey)).toBe(true);
  });
});

describe('signing is refused', () => {
  it.each<[string, Wanted, string]>([
    ['for a serial number of zero', { serial: '00'.repeat(16) }, 'InvalidSerial'],
    ['for a serial number of 21 octets', { serial: `01${'00'.repeat(20)}` }, 'InvalidSerial'],
    ['for a serial number of 20 octets whose first bit is set', { serial: 'ff'.repeat(20) }, 'InvalidSerial'],
    ['for a serial number that is not hex', { serial: 'xyz' }, 'InvalidSerial'],
    ['for no name at all', { dnsNames: [] }, 'NoNames'],
    ['beyond the end of the CA', { notAfter: instant(Date.now() + 100 * 24 * 3_600_000) }, 'IssuerOutlived'],
    ['for a usage that is none', { usages: ['tls'] }, 'UnknownUsage'],
  ])('%s', async (_, wanted, code) => {
    await expect(issue({ ...leafNames, ...wanted }, root)).rejects.toEqual(refusal(code));
  });

  it('when the issuer is no CA', async () => {
    const leaf = await issue(leafNames, root);
    await expect(issue(leafNames, leaf)).rejects.toEqual(refusal('IssuerNotCA'));
  });

  it('when the key is not the key of the CA certificate', async () => {
    const other = await issueRoot();
    await expect(issue(leafNames, { ...root, key: other.key })).rejects.toEqual(refusal('IssuerKeyMismatch'));
  });

  it('when a certificate without CA holds another key than the one that signs', async () => {
    const own = await adapter.signer(root.key);
    const other = await adapter.signer(await adapter.generateKey(P256));
    const request = {
      ...noNames,
      ...leafNames,
      publicKey: own.publicKey,
      keyKind: own.kind,
      serial: '01',
      isCA: false,
    };
    const validity = { notBefore: instant(0), notAfter: instant(1000), usages: [] };
    await expect(adapter.sign({ ...request, ...validity }, { signer: other })).rejects.toEqual(
      refusal('IssuerKeyMismatch'),
    );
  });
});
