import type { KeySigner } from '../../ports/keySigner.ts';
import { signsWith } from './algorithms.ts';
import { bitString, integer, sequence } from './der.ts';

/** `SEQUENCE { body, algorithm, signature }`: the frame of certificates (RFC 5280 4.1.1) and requests (RFC 2986 4.2). */
export async function signed(body: Buffer, signer: KeySigner): Promise<Buffer> {
  const { hash, identifier, algorithm } = signsWith(signer.kind);
  const signature = await signer.sign(body, hash);
  return sequence(body, identifier, bitString(algorithm === 'ECDSA' ? ecdsaValue(signature) : signature));
}

/** r||s (IEEE P1363) as ECDSA-Sig-Value (RFC 3279 2.2.3). */
function ecdsaValue(signature: Uint8Array): Buffer {
  const half = signature.length / 2;
  return sequence(integer(signature.subarray(0, half)), integer(signature.subarray(half)));
}
