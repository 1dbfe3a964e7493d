import { createHmac, createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { externalAccountBinding, joseKey, signJws } from '../../../lib/adapters/acme/jws.ts';
import { newSigner } from '../../support/acmeClient.ts';

const decoded = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));

/** RFC 7638 3.1. */
const RFC7638 = {
  kty: 'RSA',
  n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  e: 'AQAB',
};

describe('a JWS', () => {
  it.each([
    ['P-256', 'ES256', 64],
    ['P-384', 'ES384', 96],
    ['RSA', 'RS256', 256],
  ] as const)('by a key of type %s is %s and verifies', async (kind, alg, length) => {
    const signer = newSigner(kind);
    const { jwk } = joseKey(signer);
    const jws = await signJws(signer, { jwk, nonce: 'n', url: 'https://ca.example.test/x' }, { a: 'ü' });
    expect(decoded(jws.protected)).toEqual({ alg, jwk, nonce: 'n', url: 'https://ca.example.test/x' });
    expect(decoded(jws.payload)).toEqual({ a: 'ü' });
    const signature = Buffer.from(jws.signature, 'base64url');
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const signed = Buffer.from(`${jws.protected}.${jws.payload}`);
    const hash = alg === 'ES384' ? 'sha384' : 'sha256';
    expect(signature.length).toBe(length);
    expect(verify(hash, signed, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
    signed[0]! ^= 1;
    expect(verify(hash, signed, { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(false);
  });

  it('of a POST-as-GET has an empty payload', async () => {
    const jws = await signJws(newSigner(), { kid: 'k', nonce: 'n', url: 'u' }, undefined);
    expect(jws.payload).toBe('');
  });
});

describe('a thumbprint', () => {
  it('is that of RFC 7638 for its example', () => {
    const publicKey = createPublicKey({ key: RFC7638, format: 'jwk' }).export({ type: 'spki', format: 'der' });
    const signer = {
      kind: { algorithm: 'RSA', size: 2048 } as const,
      publicKey,
      sign: () => Promise.reject(new Error()),
    };
    expect(joseKey(signer).thumbprint).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  });
});

describe('an external account binding', () => {
  it('is the account key, signed by HS256 under the key id, without a nonce', () => {
    const key = Buffer.from('0123456789abcdef0123456789abcdef');
    const { jwk } = joseKey(newSigner());
    const jws = externalAccountBinding('kid-1', key, jwk, 'https://ca.example.test/new');
    expect(decoded(jws.protected)).toEqual({ alg: 'HS256', kid: 'kid-1', url: 'https://ca.example.test/new' });
    expect(decoded(jws.payload)).toEqual(jwk);
    const mac = createHmac('sha256', key).update(`${jws.protected}.${jws.payload}`).digest('base64url');
    expect(jws.signature).toBe(mac);
  });
});
