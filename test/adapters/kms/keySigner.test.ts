import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import type { KMSClient } from '@aws-sdk/client-kms';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kmsSigner, kmsSigners } from '../../../lib/adapters/kms/keySigner.ts';
import { ecdsaOctets } from '../../../lib/adapters/x509/signed.ts';
import { scriptedClient, serviceError } from '../../support/aws.ts';

const keyId = 'arn:aws:kms:eu-central-1:111122223333:key/one';

const publicAnswer = (key: KeyObject, more: object = {}) => ({
  KeySpec: 'ECC_NIST_P256',
  KeyUsage: 'SIGN_VERIFY',
  SigningAlgorithms: ['ECDSA_SHA_256'],
  PublicKey: new Uint8Array(createPublicKey(key).export({ type: 'spki', format: 'der' })),
  ...more,
});

describe('r||s of an ECDSA signature', () => {
  test.each([
    ['prime256v1', 256],
    ['secp384r1', 384],
    ['secp521r1', 521],
  ])('is what node:crypto makes of it, on %s', (namedCurve, size) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    fc.assert(
      fc.property(fc.uint8Array(), (data) => {
        const octets = ecdsaOctets(sign('sha256', data, privateKey), size);
        expect(octets).toHaveLength(2 * Math.ceil(size / 8));
        expect(verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, octets)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('keeps short numbers right', () => {
    const octets = ecdsaOctets(Buffer.from('3007020101020200ff', 'hex'), 256);
    expect(octets.toString('hex')).toBe(`${'01'.padStart(64, '0')}${'ff'.padStart(64, '0')}`);
  });

  test('anything else is refused, and nothing but refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          expect(ecdsaOctets(bytes, 256)).toHaveLength(64);
        } catch (error) {
          expect(error).toMatchObject({ name: 'Refusal', code: 'SignatureMalformed' });
        }
      }),
    );
  });
});

describe('a signer over a KMS key, by a scripted client', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

  test.each([
    [4096, 'RAW'],
    [4097, 'DIGEST'],
  ])('sends a message of %i bytes as %s', async (length, type) => {
    const data = new Uint8Array(length).fill(1);
    const { client, sent } = scriptedClient<KMSClient>([
      publicAnswer(privateKey),
      // What KMS does with a RAW message; a digest it signs as it is, which node:crypto cannot: there the message is enough.
      () => ({ Signature: sign('sha256', data, privateKey) }),
    ]);
    const signer = await kmsSigner(client, keyId);
    const signature = await signer.sign(data, 'SHA-256');
    expect(verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
    const message = type === 'RAW' ? data : createHash('sha256').update(data).digest();
    expect(sent[1]!.input).toMatchObject({ MessageType: type, SigningAlgorithm: 'ECDSA_SHA_256' });
    expect(Buffer.compare(sent[1]!.input.Message as Uint8Array, message)).toBe(0);
  });

  test('asks for a public key once, and again after a failure', async () => {
    const { client, sent } = scriptedClient<KMSClient>([serviceError('ThrottlingException'), publicAnswer(privateKey)]);
    const signers = kmsSigners(client);
    await expect(signers(keyId)).rejects.toMatchObject({ name: 'ThrottlingException' });
    const [one, two] = await Promise.all([signers(keyId), signers(keyId)]);
    expect(one).toBe(two);
    expect(sent).toHaveLength(2);
  });

  test.each(['DisabledException', 'AccessDeniedException', 'NotFoundException'])(
    'refuses with what to do when KMS answers %s',
    async (name) => {
      const { client } = scriptedClient<KMSClient>([publicAnswer(privateKey), serviceError(name)]);
      const signer = await kmsSigner(client, keyId);
      await expect(signer.sign(new Uint8Array(1), 'SHA-256')).rejects.toMatchObject({
        name: 'Refusal',
        code: 'SigningKeyUnusable',
        message: expect.stringContaining(keyId),
      });
    },
  );

  test.each([
    ['a key for encryption', { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' }],
    ['a curve that is not used', { KeySpec: 'ECC_SECG_P256K1' }],
  ])('refuses %s', async (_, more) => {
    const { client } = scriptedClient<KMSClient>([publicAnswer(privateKey, more)]);
    await expect(kmsSigner(client, keyId)).rejects.toMatchObject({ code: 'SigningKeyUnusable' });
  });

  test('refuses a hash that the curve does not sign', async () => {
    const { client, sent } = scriptedClient<KMSClient>([publicAnswer(privateKey)]);
    const signer = await kmsSigner(client, keyId);
    await expect(signer.sign(new Uint8Array(1), 'SHA-512')).rejects.toMatchObject({ code: 'SigningKeyUnusable' });
    expect(sent).toHaveLength(1);
  });
});
