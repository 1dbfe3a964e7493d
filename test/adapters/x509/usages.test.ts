import { describe, expect, it } from 'vitest';
import { usageExtensions } from '../../../lib/adapters/x509/usages.ts';
import { USAGES } from '../../../lib/domain/usages.ts';

const RSA = { algorithm: 'RSA', size: 2048 } as const;
const EC = { algorithm: 'ECDSA', size: 256 } as const;
const ED = { algorithm: 'Ed25519', size: 256 } as const;
const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';

describe('usages as extensions', () => {
  it.each([
    ['cert-manager defaults with an RSA key', ['digital signature', 'key encipherment'], RSA, false, [0, 2], [SERVER]],
    ['cert-manager defaults with an EC key', ['digital signature', 'key encipherment'], EC, false, [0], [SERVER]],
    ['cert-manager defaults with an Ed25519 key', ['digital signature', 'key encipherment'], ED, false, [0], [SERVER]],
    ['no usage at all', [], RSA, false, [0], [SERVER]],
    ['only a bit that the key cannot serve', ['key encipherment'], EC, false, [0], [SERVER]],
    ['a client', ['digital signature', 'client auth'], EC, false, [0], [CLIENT]],
    ['a server and client', ['signing', 'server auth', 'client auth'], EC, false, [0], [SERVER, CLIENT]],
    ['two words for one thing', ['s/mime', 'email protection'], EC, false, [0], ['1.3.6.1.5.5.7.3.4']],
    ['key agreement with EC', ['key agreement', 'encipher only'], EC, false, [4, 7], [SERVER]],
    ['encipher only without key agreement', ['signing', 'encipher only'], EC, false, [0], [SERVER]],
    ['key agreement with RSA', ['signing', 'key agreement'], RSA, false, [0], [SERVER]],
    ['CA bits on a leaf', ['signing', 'cert sign', 'crl sign'], RSA, false, [0], [SERVER]],
    ['a CA', ['digital signature', 'key encipherment'], EC, true, [5, 6, 0], []],
    ['a CA with an RSA key', ['key encipherment', 'data encipherment'], RSA, true, [5, 6], []],
    ['a CA for clients only', ['client auth'], EC, true, [5, 6], [CLIENT]],
  ] as const)('%s', (_, words, kind, isCA, keyUsage, extended) => {
    expect(usageExtensions(words, kind, isCA)).toEqual({ keyUsage, extended });
  });

  it('knows every word of the table', () => {
    expect(usageExtensions(Object.keys(USAGES), RSA, false)).toMatchObject({ keyUsage: [0, 1, 2, 3] });
    expect(usageExtensions(Object.keys(USAGES), EC, true)).toMatchObject({ keyUsage: [5, 6, 0, 1, 4, 7, 8] });
  });

  it.each(['server-auth', 'constructor', ''])('refuses the unknown word "%s"', (word) => {
    expect(() => usageExtensions([word], EC, false)).toThrow(expect.objectContaining({ code: 'UnknownUsage' }));
  });
});
