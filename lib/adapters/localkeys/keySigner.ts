import { createPrivateKey, createPublicKey, type KeyObject, sign as signNow } from 'node:crypto';
import { promisify } from 'node:util';
import type { KeySigner } from '../../ports/keySigner.ts';
import { CURVES } from '../x509/algorithms.ts';
import { bitString, sequence } from '../x509/der.ts';
import { ecdsaOctets } from '../x509/signed.ts';

const signInPool = promisify(
  (hash: string | null, data: Uint8Array, key: KeyObject, done: (error: Error | null, signature: Buffer) => void) =>
    signNow(hash, data, key, done),
);

type PublicPart = Pick<KeySigner, 'kind' | 'publicKey'>;

function publicPart(key: KeyObject): PublicPart {
  const type = key.asymmetricKeyType;
  if (type === 'ec') return ellipticPart(key);
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  if (type === 'rsa')
    return { kind: { algorithm: 'RSA', size: key.asymmetricKeyDetails?.modulusLength ?? 0 }, publicKey };
  if (type === 'ed25519') return { kind: { algorithm: 'Ed25519', size: 256 }, publicKey };
  throw new Error(`keys of type ${type} do not sign here`);
}

/** From the JWK, which names the curve and has the point (RFC 5480 2): the key's details and its DER take node:crypto four times as long. */
function ellipticPart(key: KeyObject): PublicPart {
  const { crv, x, y } = createPublicKey(key).export({ format: 'jwk' });
  const curve = CURVES.find(({ size }) => crv === `P-${size}`);
  if (!curve) throw new Error(`keys of the curve ${crv} do not sign here`);
  const point = Buffer.concat([UNCOMPRESSED, Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')]);
  return {
    kind: { algorithm: 'ECDSA', size: curve.size },
    publicKey: sequence(curve.identifier, bitString(point)),
  };
}

const UNCOMPRESSED = Buffer.of(4);

/**
 * A signer over a private key in memory.
 * @param pkcs8Pem a private key that OpenSSL reads: ECDSA P-256, P-384 or P-521, RSA, Ed25519 (whose `hash` is not
 * used)
 * @throws Error when the text is no such key
 */
export function localSigner(pkcs8Pem: string): KeySigner {
  const key = createPrivateKey(pkcs8Pem);
  const { kind, publicKey } = publicPart(key);
  return {
    kind,
    publicKey,
    async sign(data, hash) {
      // An elliptic signature costs less than the way to a thread and back; an RSA one takes milliseconds and would
      // hold the loop.
      if (kind.algorithm === 'RSA') return signInPool(hash, data, key);
      if (kind.algorithm === 'Ed25519') return signNow(null, data, key);
      // node:crypto takes more than twice as long where the key comes with options, such as the encoding that is wanted.
      return ecdsaOctets(signNow(hash, data, key), kind.size);
    },
  };
}
