import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signsWith } from '../../../lib/adapters/x509/algorithms.ts';
import { x509 } from '../../../lib/adapters/x509/x509.ts';
import type { KeyKind } from '../../../lib/domain/spec.ts';

const adapter = x509();
const kinds: [string, KeyKind, string][] = [
  ['ECDSA P-256', { algorithm: 'ECDSA', size: 256 }, 'EC PRIVATE KEY'],
  ['ECDSA P-384', { algorithm: 'ECDSA', size: 384 }, 'EC PRIVATE KEY'],
  ['ECDSA P-521', { algorithm: 'ECDSA', size: 521 }, 'EC PRIVATE KEY'],
  ['RSA 2048', { algorithm: 'RSA', size: 2048 }, 'RSA PRIVATE KEY'],
  ['Ed25519', { algorithm: 'Ed25519', size: 256 }, 'PRIVATE KEY'],
];

describe.each(kinds)('a key of kind %s', (_, kind, label) => {
  it('is made as PKCS#8 and signs what its public key verifies', async () => {
    const pem = await adapter.generateKey(kind);
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    const signer = await adapter.signer(pem);
    expect(signer.kind).toEqual(kind);
    const key = createPublicKey({ key: Buffer.from(signer.publicKey), format: 'der', type: 'spki' });
    const { hash } = signsWith(kind);
    const data = Buffer.from('sealed');
    const signature = await signer.sign(data, hash);
    const algorithm = kind.algorithm === 'Ed25519' ? null : hash;
    expect(verify(algorithm, data, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  it(`is encoded as ${label} for PKCS1 and stays the same key`, async () => {
    const pem = await adapter.generateKey(kind);
    const encoded = adapter.encodeKey(pem, 'PKCS1');
    expect(encoded).toMatch(new RegExp(`^-----BEGIN ${label}-----\n`));
    expect(createPrivateKey(encoded).equals(createPrivateKey(pem))).toBe(true);
    expect(adapter.encodeKey(encoded, 'PKCS8')).toBe(pem);
  });

  it('is new each time', async () => {
    const [one, other] = await Promise.all([adapter.generateKey(kind), adapter.generateKey(kind)]);
    expect(one).not.toBe(other);
  });
});

describe('keys that are refused', () => {
  it.each([
    ['RSA 1024', { algorithm: 'RSA', size: 1024 }],
    ['ECDSA 224', { algorithm: 'ECDSA', size: 224 }],
  ] as const)('no key is made of kind %s', async (_, kind) => {
    await expect(adapter.generateKey(kind)).rejects.toMatchObject({ code: 'InvalidKey' });
  });

  it('a text that is no key is refused without being quoted', async () => {
    const text = '-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n';
    await expect(adapter.signer(text)).rejects.toMatchObject({ code: 'InvalidKey' });
    expect(() => adapter.encodeKey(text, 'PKCS1')).toThrow(
      expect.objectContaining({ code: 'InvalidKey', message: expect.not.stringContaining('bm90') }),
    );
  });
});
