import { beforeAll, describe, expect, it } from 'vitest';
import { x509 } from '../../../lib/adapters/x509/x509.ts';
import type { ExpectedCertificate } from '../../../lib/ports/x509.ts';
import { type Issued, issue, issueRoot } from '../../support/internalCa.ts';

const adapter = x509();
const names = { dnsNames: ['app.example.test', 'www.example.test'], ipAddresses: ['2001:db8::1'] };
let root: Issued;
let intermediate: Issued;
let leaf: Issued;
let expected: ExpectedCertificate;

beforeAll(async () => {
  root = await issueRoot();
  intermediate = await issue({ commonName: 'Test Intermediate', isCA: true }, root);
  leaf = await issue(names, intermediate);
  const { publicKey } = await adapter.signer(leaf.key);
  expected = { ...names, publicKeyHash: adapter.publicKeyHash(publicKey) };
});

const mismatch = (reason: string) =>
  expect.objectContaining({ code: 'IssuedMismatch', message: expect.stringContaining(reason) });

describe('a certificate that a CA sent', () => {
  it('is taken with its chain, with or without the root', () => {
    const chain = leaf.certificate + intermediate.certificate;
    expect(adapter.checkIssued(leaf.certificate, expected)).toMatchObject(names);
    expect(adapter.checkIssued(chain, expected)).toMatchObject(names);
    expect(adapter.checkIssued(chain + root.certificate, expected)).toMatchObject(names);
  });

  it('is taken when it holds more names, and addresses in another spelling', () => {
    const fewer = { ...expected, dnsNames: ['www.example.test'], ipAddresses: ['2001:0DB8::0001'] };
    expect(adapter.checkIssued(leaf.certificate, fewer)).toMatchObject(names);
  });

  it('is refused with another key', () => {
    const other = { ...expected, publicKeyHash: '00'.repeat(32) };
    expect(() => adapter.checkIssued(leaf.certificate, other)).toThrow(
      mismatch('its key is not the key that was sent'),
    );
  });

  it('is refused without a name that was asked for, and says which', () => {
    const more = { ...expected, dnsNames: [...expected.dnsNames, 'new.example.test'], ipAddresses: ['10.0.0.1'] };
    expect(() => adapter.checkIssued(leaf.certificate, more)).toThrow(
      mismatch('it lacks the names new.example.test, 10.0.0.1'),
    );
  });

  it('is refused when it ends before it begins', async () => {
    const backwards = { notBefore: '2026-02-01T00:00:00.000Z', notAfter: '2026-01-01T00:00:00.000Z' };
    const wrong = await issue({ ...names, ...backwards }, intermediate);
    const { publicKey } = await adapter.signer(wrong.key);
    const its = { ...expected, publicKeyHash: adapter.publicKeyHash(publicKey) };
    expect(() => adapter.checkIssued(wrong.certificate, its)).toThrow(mismatch('not after its beginning'));
  });

  it('is refused with a chain that leaves out the intermediate', () => {
    const chain = leaf.certificate + root.certificate;
    expect(() => adapter.checkIssued(chain, expected)).toThrow(mismatch('CN=Test Intermediate is not CN=Test Root'));
  });

  it('is refused with a chain that is not of CAs', async () => {
    const other = await issue({ commonName: 'Test Intermediate', dnsNames: ['a.test'] }, root);
    expect(() => adapter.checkIssued(leaf.certificate + other.certificate, expected)).toThrow(
      mismatch('must not sign certificates'),
    );
  });

  it('is refused with a CA of the same name and another key', async () => {
    const impostor = await issue({ commonName: 'Test Intermediate', isCA: true }, root);
    expect(() => adapter.checkIssued(leaf.certificate + impostor.certificate, expected)).toThrow(
      mismatch('its authority key identifier is not that of'),
    );
  });

  it('is refused when its signature was changed', () => {
    const der = Buffer.from(leaf.certificate.replace(/-----.*-----|\s/g, ''), 'base64');
    der[der.length - 1]! ^= 1;
    const forged = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
    expect(() => adapter.checkIssued(forged + intermediate.certificate, expected)).toThrow(
      mismatch('is not signed by'),
    );
  });
});
