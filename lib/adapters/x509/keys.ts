import { createHash, createPrivateKey, generateKeyPair, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { Refusal } from '../../domain/refusal.ts';
import type { KeyKind } from '../../domain/spec.ts';
import type { KeySigner } from '../../ports/keySigner.ts';
import { localSigner } from '../localkeys/keySigner.ts';
import { CURVES } from './algorithms.ts';

const generate = promisify(generateKeyPair);

const RSA_SIZES = [2048, 3072, 4096];

/**
 * A new private key as PKCS#8 PEM. RSA is made on another thread (2048 bits take 100 ms and more); the others take microseconds.
 * @throws Refusal `InvalidKey` for a kind that is not issued
 */
export async function generateKey(kind: KeyKind): Promise<string> {
  return pkcs8(await newKey(kind));
}

async function newKey({ algorithm, size }: KeyKind): Promise<KeyObject> {
  if (algorithm === 'Ed25519') return generateKeyPairSync('ed25519').privateKey;
  const curve = CURVES.find((each) => each.size === size);
  if (algorithm === 'ECDSA' && curve) return generateKeyPairSync('ec', { namedCurve: curve.name }).privateKey;
  if (algorithm === 'RSA' && RSA_SIZES.includes(size)) {
    return (await generate('rsa', { modulusLength: size })).privateKey;
  }
  throw new Refusal('InvalidKey', `No key is made of the kind ${algorithm} ${size}`, {
    remedy: 'Use ECDSA 256, 384 or 521, RSA 2048, 3072 or 4096, or Ed25519',
  });
}

const PKCS8 = /^-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+\n-----END PRIVATE KEY-----\n$/;

const pkcs8 = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/**
 * A private key as tls.key carries it. `PKCS1` is RFC 8017's form for RSA and SEC 1's for EC; Ed25519 knows PKCS#8 alone.
 * @throws Refusal `InvalidKey`
 */
export function encodeKey(pem: string, encoding: 'PKCS1' | 'PKCS8'): string {
  // As it is made here: the common case costs no parsing.
  if (encoding === 'PKCS8' && PKCS8.test(pem)) return pem;
  const key = privateKey(pem);
  if (encoding === 'PKCS8' || key.asymmetricKeyType === 'ed25519') return pkcs8(key);
  return key.export({ type: key.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'sec1', format: 'pem' }).toString();
}

const privateKey = (pem: string): KeyObject => readable(() => createPrivateKey(pem));

/**
 * A signer over a private key, PEM.
 * @throws Refusal `InvalidKey` when it is none, or of a kind that does not sign here
 */
export const signer = (pem: string): KeySigner => readable(() => localSigner(pem));

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch {
    // The cause is left out: it may quote the key.
    throw new Refusal('InvalidKey', 'The private key cannot be read, or is of a kind that is not used');
  }
}

/** SHA-256 over a SubjectPublicKeyInfo, hex. */
export const publicKeyHash = (spki: Uint8Array): string => createHash('sha256').update(spki).digest('hex');
