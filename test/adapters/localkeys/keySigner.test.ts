import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { localSigner } from '../../../lib/adapters/localkeys/keySigner.ts';

const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }) as string;
const data = Buffer.from('what is signed');

describe('a local signer', () => {
  it.each([
    ['P-256', 256, 'SHA-256', 64],
    ['P-384', 384, 'SHA-384', 96],
    ['P-521', 521, 'SHA-512', 132],
  ] as const)('signs by %s in the form r||s', async (namedCurve, size, hash, length) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve });
    const signer = localSigner(pem(privateKey));
    const signature = await signer.sign(data, hash);
    const key = createPublicKey({ key: Buffer.from(signer.publicKey), format: 'der', type: 'spki' });
    expect([signer.kind, signature.length]).toEqual([{ algorithm: 'ECDSA', size }, length]);
    expect(verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  it('signs by RSA as PKCS #1 v1.5', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const signer = localSigner(pem(privateKey));
    expect(signer.kind).toEqual({ algorithm: 'RSA', size: 2048 });
    expect(verify('sha256', data, publicKey, await signer.sign(data, 'SHA-256'))).toBe(true);
  });

  it('signs by Ed25519', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    expect(verify(null, data, publicKey, await localSigner(pem(privateKey)).sign(data, 'SHA-512'))).toBe(true);
  });

  it('refuses what is no key, and kinds that are not offered', () => {
    expect(() => localSigner('nonsense')).toThrow();
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    expect(() => localSigner(pem(privateKey))).toThrow('secp256k1');
  });
});
