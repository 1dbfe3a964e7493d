import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  bitString,
  element,
  explicit,
  integer,
  NULL,
  oid,
  sequence,
  setOf,
  TAG,
} from '../../../lib/adapters/x509/der.ts';
import { writeName } from '../../../lib/adapters/x509/distinguishedName.ts';
import { EXTENSION, extension } from '../../../lib/adapters/x509/extensions.ts';
import { writeNames } from '../../../lib/adapters/x509/names.ts';
import { toPem } from '../../../lib/adapters/x509/pem.ts';
import { signed } from '../../../lib/adapters/x509/signed.ts';
import { x509 } from '../../../lib/adapters/x509/x509.ts';
import { parseIp } from '../../../lib/domain/ip.ts';
import { Refusal } from '../../../lib/domain/refusal.ts';
import type { KeySigner } from '../../../lib/ports/keySigner.ts';
import { noNames, P256 } from '../../support/internalCa.ts';

const adapter = x509();
let key: string;
let signer: KeySigner;
let valid: Uint8Array;

beforeAll(async () => {
  key = await adapter.generateKey(P256);
  signer = await adapter.signer(key);
  valid = await adapter.createCsr({ ...noNames, dnsNames: ['app.example.test'], commonName: 'app.example.test' }, key);
});

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** A request as an attacker or a broken tool may write it, rightly signed. */
const custom = (over: { version?: number; subject?: Buffer; spki?: Uint8Array; attributes?: Buffer[] }) =>
  signed(
    sequence(
      integer(Buffer.of(over.version ?? 0)),
      over.subject ?? writeName({}, 'app.example.test'),
      over.spki ?? signer.publicKey,
      explicit(0, ...(over.attributes ?? [])),
    ),
    signer,
  );

const extensionRequest = (...extensions: Buffer[]) =>
  sequence(oid('1.2.840.113549.1.9.14'), setOf(sequence(...extensions)));

const san = (name: string) => extension(EXTENSION.subjectAltName, false, writeNames({ ...noNames, dnsNames: [name] })!);

const twoNames = () => sequence(writeName({}, 'a').subarray(2), writeName({}, 'b').subarray(2));

/** A principal name of Kerberos, as Windows asks for. */
const principal = () => {
  const name = explicit(0, oid('1.3.6.1.4.1.311.20.2.3'), explicit(0, element(TAG.utf8String, Buffer.from('a@b'))));
  return extension(EXTENSION.subjectAltName, false, sequence(name));
};

const spkiOf = ({ publicKey }: { publicKey: KeyObject }) => publicKey.export({ type: 'spki', format: 'der' });
const curve = (namedCurve: string) => spkiOf(generateKeyPairSync('ec', { namedCurve }));
const rsa = (modulusLength: number) => spkiOf(generateKeyPairSync('rsa', { modulusLength }));
const ed448 = () => spkiOf(generateKeyPairSync('ed448'));

/** A key whose signature is the message itself. */
const exponentOne = () => {
  const spki = rsa(2048);
  const exponent = Buffer.from('0203010001', 'hex');
  const modulus = spki.subarray(spki.indexOf(Buffer.from('02820101', 'hex')), spki.lastIndexOf(exponent));
  const numbers = sequence(modulus, integer(Buffer.of(1)));
  return sequence(sequence(oid('1.2.840.113549.1.1.1'), NULL), bitString(numbers));
};

describe('a request that was made here', () => {
  it('reads back as the names and the key that it was made from', async () => {
    const names = fc.record({
      commonName: fc.option(
        fc.string({ unit: fc.constantFrom('a', 'ü', '漢', '𝒳', ' ', ','), minLength: 1, maxLength: 16 }),
        { nil: undefined },
      ),
      dnsNames: fc.array(
        fc.domain().map((name) => name.toLowerCase()),
        { maxLength: 4 },
      ),
      ipAddresses: fc.array(
        fc.oneof(fc.ipV4(), fc.ipV6()).map((address) => parseIp(address)!),
        { maxLength: 3 },
      ),
      uris: fc.array(fc.webUrl(), { maxLength: 2 }),
      emailAddresses: fc.array(fc.emailAddress(), { maxLength: 2 }),
      subject: fc.option(
        fc.record({
          organizations: fc.array(fc.string({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 2 }),
        }),
        { nil: undefined },
      ),
    });
    await fc.assert(
      fc.asyncProperty(names, async ({ commonName, subject, ...lists }) => {
        const wanted = { ...lists, ...(commonName !== undefined && { commonName }), ...(subject && { subject }) };
        const made = await adapter.createCsr(wanted, key);
        const { publicKey, der, ...facts } = await adapter.readCsr(made);
        expect(facts).toEqual({ ...wanted, keyKind: P256, publicKeyHash: adapter.publicKeyHash(signer.publicKey) });
        expect(hex(publicKey)).toBe(hex(signer.publicKey));
        expect(hex(der)).toBe(hex(made));
      }),
      { numRuns: 60 },
    );
  });

  it('reads the same as DER, as PEM text and as PEM octets', async () => {
    const read = async (csr: string | Uint8Array) => {
      const { der, publicKey, ...facts } = await adapter.readCsr(csr);
      return { ...facts, der: hex(der), publicKey: hex(publicKey) };
    };
    const fromDer = await read(valid);
    const pem = toPem('CERTIFICATE REQUEST', valid);
    expect(await read(pem)).toEqual(fromDer);
    expect(await read(Buffer.from(pem))).toEqual(fromDer);
    expect(await read(`some words\n${pem.replaceAll('CERTIFICATE REQ', 'NEW CERTIFICATE REQ')}`)).toEqual(fromDer);
  });
});

describe('a request that is refused', () => {
  it.each<[string, () => string | Uint8Array | Promise<Uint8Array>, string, string]>([
    ['without a PEM block', () => 'hello', 'InvalidCsr', 'There are 0 PEM blocks'],
    [
      'with two PEM blocks',
      () => toPem('CERTIFICATE REQUEST', valid).repeat(2),
      'InvalidCsr',
      'There are 2 PEM blocks',
    ],
    ['without end line', () => toPem('CERTIFICATE REQUEST', valid).slice(0, -20), 'InvalidCsr', 'no end line'],
    ['that is not base64', () => toPem('CERTIFICATE REQUEST', valid).replace('MI', '!!'), 'InvalidCsr', 'not base64'],
    ['that is cut short', () => valid.subarray(0, 100), 'InvalidCsr', 'cut short'],
    ['with data behind it', () => Buffer.concat([valid, Buffer.of(0)]), 'InvalidCsr', 'data follows'],
    ['of version 2', () => custom({ version: 1 }), 'InvalidCsr', 'version is not 1'],
    ['with two common names', () => custom({ subject: twoNames() }), 'InvalidCsr', 'more than one common name'],
    [
      'with a name of a kind that is not issued',
      () => custom({ attributes: [extensionRequest(principal())] }),
      'InvalidCsr',
      'no DNS name, IP address, URI or email address',
    ],
    [
      'with two SAN extensions',
      () => custom({ attributes: [extensionRequest(san('a.test'), san('b.test'))] }),
      'InvalidCsr',
      'stands twice',
    ],
    [
      'with its extensions twice',
      () => custom({ attributes: [extensionRequest(san('a.test')), extensionRequest(san('b.test'))] }),
      'InvalidCsr',
      'stand twice',
    ],
    ['whose key cannot be read', () => custom({ spki: sequence() }), 'InvalidCsr', 'public key cannot be read'],
    ['signed with another key', () => custom({ spki: curve('P-256') }), 'CsrSignatureInvalid', 'not made with the key'],
    ['with an RSA key of 1024 bits', () => custom({ spki: rsa(1024) }), 'WeakKey', 'an RSA key of 1024 bits'],
    ['with the RSA exponent 1', () => custom({ spki: exponentOne() }), 'WeakKey', 'public exponent 1'],
    [
      'with a curve that is not issued for',
      () => custom({ spki: curve('secp256k1') }),
      'WeakKey',
      'the curve secp256k1',
    ],
    ['with an Ed448 key', () => custom({ spki: ed448() }), 'WeakKey', 'a key of type ed448'],
  ])('%s', async (_, make, code, message) => {
    await expect(adapter.readCsr(await make())).rejects.toMatchObject({
      name: 'Refusal',
      code,
      message: expect.stringContaining(message),
    });
  });

  it('whose signature algorithm is not of its key', async () => {
    const key = await adapter.signer(await adapter.generateKey({ algorithm: 'RSA', size: 2048 }));
    const body = sequence(integer(Buffer.of(0)), writeName({}, 'a.test'), key.publicKey, explicit(0));
    const signature = bitString(await key.sign(body, 'SHA-256'));
    const ecdsa = sequence(oid('1.2.840.10045.4.3.2'));
    await expect(adapter.readCsr(sequence(body, ecdsa, signature))).rejects.toMatchObject({
      code: 'CsrSignatureInvalid',
    });
    await expect(adapter.readCsr(await signed(body, key))).resolves.toMatchObject({ commonName: 'a.test' });
  });

  it('whose last octet was changed', async () => {
    const forged = Buffer.from(valid);
    forged[forged.length - 1]! ^= 1;
    await expect(adapter.readCsr(forged)).rejects.toMatchObject({ code: 'CsrSignatureInvalid' });
  });

  it('is refused with a Refusal and nothing else, whatever the octets', async () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    const text = fc.string({ maxLength: 200 }).map((inner) => `-----BEGIN CERTIFICATE REQUEST-----${inner}`);
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, text), async (input) => {
        await expect(adapter.readCsr(input)).rejects.toBeInstanceOf(Refusal);
      }),
    );
  });

  it('is refused with a Refusal and nothing else when any of its octets are changed', async () => {
    const change = fc.record({ at: fc.nat(), to: fc.nat({ max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const changed = Buffer.from(valid);
        for (const { at, to } of changes) changed[at % changed.length] = to;
        fc.pre(!changed.equals(valid));
        await expect(adapter.readCsr(changed)).rejects.toBeInstanceOf(Refusal);
      }),
      { numRuns: 200 },
    );
  });
});
