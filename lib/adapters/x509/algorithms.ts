import { createPublicKey, type KeyObject } from 'node:crypto';
import { Refusal } from '../../domain/refusal.ts';
import type { KeyKind } from '../../domain/spec.ts';
import type { KeySigner } from '../../ports/keySigner.ts';
import { NULL, oid, sequence, TAG } from './der.ts';
import { Members, whole } from './derReader.ts';

type Hash = Parameters<KeySigner['sign']>[1];

/** How a kind of key signs certificates and requests. */
interface SignatureAlgorithm {
  readonly oid: string;
  readonly algorithm: KeyKind['algorithm'];
  /** The KeySigner's argument; Ed25519 has a hash of its own and passes over it. */
  readonly hash: Hash;
  /** AlgorithmIdentifier, DER. RSA carries NULL parameters (RFC 4055 5), the others none (RFC 5758 3.2, RFC 8410 3). */
  readonly identifier: Buffer;
}

const algorithm = (name: KeyKind['algorithm'], hash: Hash, dotted: string): SignatureAlgorithm => ({
  oid: dotted,
  algorithm: name,
  hash,
  identifier: name === 'RSA' ? sequence(oid(dotted), NULL) : sequence(oid(dotted)),
});

const ECDSA_SHA256 = algorithm('ECDSA', 'SHA-256', '1.2.840.10045.4.3.2');
const ECDSA_SHA384 = algorithm('ECDSA', 'SHA-384', '1.2.840.10045.4.3.3');
const ECDSA_SHA512 = algorithm('ECDSA', 'SHA-512', '1.2.840.10045.4.3.4');
const RSA_SHA256 = algorithm('RSA', 'SHA-256', '1.2.840.113549.1.1.11');
const RSA_SHA384 = algorithm('RSA', 'SHA-384', '1.2.840.113549.1.1.12');
const RSA_SHA512 = algorithm('RSA', 'SHA-512', '1.2.840.113549.1.1.13');
const ED25519 = algorithm('Ed25519', 'SHA-512', '1.3.101.112');

const ALL = [ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512, RSA_SHA256, RSA_SHA384, RSA_SHA512, ED25519];

/** The algorithm of a signature by its OID; undefined for the unknown and the broken (MD5, SHA-1). */
export const signatureAlgorithm = (dotted: string): SignatureAlgorithm | undefined =>
  ALL.find((known) => known.oid === dotted);

/** What a key of this kind signs with: the hash that fits its strength. */
export function signsWith(kind: KeyKind): SignatureAlgorithm {
  if (kind.algorithm === 'Ed25519') return ED25519;
  if (kind.algorithm === 'RSA') return RSA_SHA256;
  if (kind.size === 256) return ECDSA_SHA256;
  return kind.size === 384 ? ECDSA_SHA384 : ECDSA_SHA512;
}

const EC_KEY = oid('1.2.840.10045.2.1');

/** The curves that are used: our size, OpenSSL's name, and the AlgorithmIdentifier of their public keys (RFC 5480 2.1.1). */
export const CURVES: readonly { readonly size: number; readonly name: string; readonly identifier: Buffer }[] = [
  { size: 256, name: 'prime256v1', identifier: sequence(EC_KEY, oid('1.2.840.10045.3.1.7')) },
  { size: 384, name: 'secp384r1', identifier: sequence(EC_KEY, oid('1.3.132.0.34')) },
  { size: 521, name: 'secp521r1', identifier: sequence(EC_KEY, oid('1.3.132.0.35')) },
];

const MIN_RSA_BITS = 2048;

/**
 * The kind of a key that node:crypto has read.
 * @throws Refusal `WeakKey` for RSA under 2048 bits or with a bad exponent, and for curves and algorithms that are not issued for
 */
function kindOf(key: KeyObject): KeyKind {
  const details = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ed25519') return { algorithm: 'Ed25519', size: 256 };
  if (key.asymmetricKeyType === 'ec') {
    const curve = CURVES.find(({ name }) => name === details.namedCurve);
    if (curve) return { algorithm: 'ECDSA', size: curve.size };
    throw weak(`the curve ${details.namedCurve ?? 'of this key'} is not one of P-256, P-384 and P-521`);
  }
  if (key.asymmetricKeyType !== 'rsa')
    throw weak(`a key of type ${key.asymmetricKeyType} is not ECDSA, RSA or Ed25519`);
  const bits = details.modulusLength ?? 0;
  const exponent = details.publicExponent ?? 0n;
  if (bits < MIN_RSA_BITS) throw weak(`an RSA key of ${bits} bits; the least is ${MIN_RSA_BITS}`);
  if (exponent < 3n || exponent % 2n === 0n) throw weak(`an RSA key with the public exponent ${exponent}`);
  return { algorithm: 'RSA', size: bits };
}

const weak = (reason: string): Refusal =>
  new Refusal('WeakKey', `The key is refused: ${reason}`, {
    remedy: 'Use ECDSA P-256, P-384 or P-521, RSA of at least 2048 bits, or Ed25519',
  });

const RSA_KEY = sequence(oid('1.2.840.113549.1.1.1'), NULL);

/** AlgorithmIdentifier of a public key: the one encoding of RFC 3279 2.3.1, RFC 5480 2.1.1 and RFC 8410 section 3. */
function identifierOf({ algorithm: name, size }: KeyKind): Buffer | undefined {
  if (name === 'RSA') return RSA_KEY;
  return name === 'Ed25519' ? ED25519.identifier : CURVES.find((curve) => curve.size === size)?.identifier;
}

/**
 * A SubjectPublicKeyInfo as a key of node:crypto, with its kind.
 * @throws Refusal with `code` when it is none; `WeakKey` as {@link kindOf} does, and for a curve that is spelled out instead of named
 */
export function publicKey(spki: Uint8Array, code: string): { readonly key: KeyObject; readonly kind: KeyKind } {
  const key = keyObject(spki, code);
  const kind = kindOf(key);
  const identifier = new Members(whole(spki, TAG.sequence)).take(TAG.sequence);
  if (!identifierOf(kind)?.equals(identifier.whole)) {
    throw weak('its algorithm is not written in its one form, such as a curve that is spelled out instead of named');
  }
  return { key, kind };
}

function keyObject(spki: Uint8Array, code: string): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    throw new Refusal(code, 'The public key cannot be read');
  }
}
