import { createHash } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient, SignCommand, type SigningAlgorithmSpec } from '@aws-sdk/client-kms';
import { Refusal } from '../../domain/refusal.ts';
import type { KeyKind } from '../../domain/spec.ts';
import type { KeySigner } from '../../ports/keySigner.ts';
import { ecdsaOctets } from '../x509/signed.ts';

/** KMS's key specs that sign here. */
export const KEY_KINDS: Readonly<Record<string, KeyKind>> = {
  ECC_NIST_P256: { algorithm: 'ECDSA', size: 256 },
  ECC_NIST_P384: { algorithm: 'ECDSA', size: 384 },
  ECC_NIST_P521: { algorithm: 'ECDSA', size: 521 },
  RSA_2048: { algorithm: 'RSA', size: 2048 },
  RSA_3072: { algorithm: 'RSA', size: 3072 },
  RSA_4096: { algorithm: 'RSA', size: 4096 },
};

const PREFIX = { ECDSA: 'ECDSA', RSA: 'RSASSA_PKCS1_V1_5' } as const;

/** KMS hashes a message itself up to here; of a longer one it takes the digest. */
const MAX_RAW_BYTES = 4096;

/** What no repetition cures: somebody must enable the key, grant its use, or name another. */
const LASTING = ['DisabledException', 'KMSInvalidStateException', 'NotFoundException', 'AccessDeniedException'];

/** Signers by key ARN. Each key's public half is fetched once; a failure is forgotten. */
export function kmsSigners(client: KMSClient): (keyId: string) => Promise<KeySigner> {
  const known = new Map<string, Promise<KeySigner>>();
  return (keyId) => {
    const before = known.get(keyId);
    if (before) return before;
    const signer = kmsSigner(client, keyId);
    known.set(keyId, signer);
    signer.catch(() => known.delete(keyId));
    return signer;
  };
}

/**
 * A signer over an asymmetric KMS key for SIGN_VERIFY: ECDSA on a NIST curve, or RSA. The private half never leaves KMS. A curve signs
 * with the hash of its own size alone.
 * @param keyId ARN, id or alias
 * @throws Refusal `SigningKeyUnusable` when the key is of another kind, or disabled, forbidden or gone (also when it signs)
 */
export async function kmsSigner(client: KMSClient, keyId: string): Promise<KeySigner> {
  const found = await client.send(new GetPublicKeyCommand({ KeyId: keyId })).catch(refuse(keyId));
  const kind = KEY_KINDS[found.KeySpec ?? ''];
  if (!kind || found.KeyUsage !== 'SIGN_VERIFY') throw unusable(keyId, `${found.KeySpec} does not sign here`);
  return {
    kind,
    publicKey: found.PublicKey!,
    async sign(data, hash) {
      const algorithm = `${PREFIX[kind.algorithm as keyof typeof PREFIX]}_${hash.replace('-', '_')}`;
      if (!found.SigningAlgorithms?.includes(algorithm as SigningAlgorithmSpec)) {
        throw unusable(keyId, `${found.KeySpec} does not sign by ${algorithm}`);
      }
      const raw = data.length <= MAX_RAW_BYTES;
      const { Signature } = await client
        .send(
          new SignCommand({
            KeyId: keyId,
            SigningAlgorithm: algorithm as SigningAlgorithmSpec,
            MessageType: raw ? 'RAW' : 'DIGEST',
            Message: raw ? data : createHash(hash.replace('-', '')).update(data).digest(),
          }),
        )
        .catch(refuse(keyId));
      return kind.algorithm === 'ECDSA' ? ecdsaOctets(Signature!, kind.size) : Signature!;
    },
  };
}

const unusable = (keyId: string, why: string): Refusal =>
  new Refusal('SigningKeyUnusable', `the KMS key ${keyId} cannot be used: ${why}`, {
    remedy: 'enable the key and allow the service to use it (kms:GetPublicKey, kms:Sign), or name another key',
  });

const refuse = (keyId: string) => (error: unknown) => {
  const { name, message } = error as Error;
  throw LASTING.includes(name) ? unusable(keyId, message || name) : error;
};
