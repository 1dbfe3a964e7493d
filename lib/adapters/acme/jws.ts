import { createHmac, createPublicKey, hash } from 'node:crypto';
import type { KeySigner } from '../../ports/keySigner.ts';

/** A public key as RFC 7517 writes it, members in the order of RFC 7638. */
export type Jwk = Readonly<Record<string, string>>;

/** What a signer's key means in JOSE. */
export interface JoseKey {
  readonly jwk: Jwk;
  readonly alg: string;
  readonly hash: 'SHA-256' | 'SHA-384' | 'SHA-512';
  /** RFC 7638, SHA-256, base64url. */
  readonly thumbprint: string;
}

/** A flattened JSON serialization (RFC 7515 7.2.2), the one form that RFC 8555 6.2 allows. */
export interface FlattenedJws {
  readonly protected: string;
  readonly payload: string;
  readonly signature: string;
}

/**
 * JOSE's algorithm for each kind of key (RFC 7518 3.1), and the JWK members that a thumbprint covers (RFC 7638 3.2).
 */
const ALGORITHMS: Readonly<Record<string, Omit<JoseKey, 'jwk' | 'thumbprint'> & { members: readonly string[] }>> = {
  ECDSA256: { alg: 'ES256', hash: 'SHA-256', members: ['crv', 'kty', 'x', 'y'] },
  ECDSA384: { alg: 'ES384', hash: 'SHA-384', members: ['crv', 'kty', 'x', 'y'] },
  ECDSA521: { alg: 'ES512', hash: 'SHA-512', members: ['crv', 'kty', 'x', 'y'] },
  RSA: { alg: 'RS256', hash: 'SHA-256', members: ['e', 'kty', 'n'] },
  Ed25519: { alg: 'EdDSA', hash: 'SHA-512', members: ['crv', 'kty', 'x'] },
};

const known = new WeakMap<KeySigner, JoseKey>();

/** The JOSE view of a signer's key; worked out once a signer. */
export function joseKey(signer: KeySigner): JoseKey {
  const before = known.get(signer);
  if (before) return before;
  const { algorithm, size } = signer.kind;
  const { members, ...how } = ALGORITHMS[algorithm === 'ECDSA' ? `ECDSA${size}` : algorithm]!;
  const full = createPublicKey({ key: Buffer.from(signer.publicKey), format: 'der', type: 'spki' }).export({
    format: 'jwk',
  });
  const jwk = Object.fromEntries(members.map((member) => [member, String(full[member])]));
  const key = { ...how, jwk, thumbprint: hash('sha256', JSON.stringify(jwk), 'base64url') };
  known.set(signer, key);
  return key;
}

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The payload part: JSON, or the empty string of a POST-as-GET (RFC 8555 6.3) for undefined. */
const payloadPart = (payload: unknown): string => (payload === undefined ? '' : encoded(payload));

/**
 * Signs a request body.
 * @param header protected header without `alg`: `nonce` and `url` with `jwk` or `kid`
 * @param payload undefined makes a POST-as-GET
 */
export async function signJws(
  signer: KeySigner,
  header: Readonly<Record<string, unknown>>,
  payload: unknown,
): Promise<FlattenedJws> {
  const { alg, hash: digest } = joseKey(signer);
  const head = encoded({ alg, ...header });
  const body = payloadPart(payload);
  const signature = await signer.sign(Buffer.from(`${head}.${body}`), digest);
  return { protected: head, payload: body, signature: Buffer.from(signature).toString('base64url') };
}

/**
 * The external account binding of RFC 8555 7.3.4: the account's public key, signed with the CA's HMAC key (HS256).
 * @param url the newAccount URL
 */
export function externalAccountBinding(keyId: string, hmacKey: Uint8Array, jwk: Jwk, url: string): FlattenedJws {
  const head = encoded({ alg: 'HS256', kid: keyId, url });
  const body = encoded(jwk);
  const signature = createHmac('sha256', hmacKey).update(`${head}.${body}`).digest('base64url');
  return { protected: head, payload: body, signature };
}
