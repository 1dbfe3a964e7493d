import { createPrivateKey, createPublicKey, type KeyObject, sign as signNow } from 'node:crypto';
import { promisify } from 'node:util';
import type { KeyKind } from '../../domain/spec.ts';
import type { KeySigner } from '../../ports/keySigner.ts';
import { ecdsaOctets } from '../x509/signed.ts';

const signInPool = promisify(
  (hash: string | null, data: Uint8Array, key: KeyObject, done: (error: Error | null, signature: Buffer) => void) =>
    signNow(hash, data, key, done),
);

/** Curves by OpenSSL's names, with the sizes that name them. */
const CURVE_SIZE: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521 };

function kindOf(key: KeyObject): KeyKind {
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ec' && CURVE_SIZE[namedCurve])
    return { algorithm: 'ECDSA', size: CURVE_SIZE[namedCurve] };
  if (key.asymmetricKeyType === 'rsa') return { algorithm: 'RSA', size: modulusLength };
  if (key.asymmetricKeyType === 'ed25519') return { algorithm: 'Ed25519', size: 256 };
  throw new Error(`keys of type ${key.asymmetricKeyType} ${namedCurve} do not sign here`);
}

/**
 * A signer over a private key in memory.
 * @param pkcs8Pem a private key that OpenSSL reads: ECDSA P-256, P-384 or P-521, RSA, Ed25519 (whose `hash` is not
 * used)
 * @throws Error when the text is no such key
 */
export function localSigner(pkcs8Pem: string): KeySigner {
  const key = createPrivateKey(pkcs8Pem);
  const kind = kindOf(key);
  return {
    kind,
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'der' }),
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
