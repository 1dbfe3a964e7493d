import type { KeySigner } from '../../ports/keySigner.ts';
import { signsWith } from './algorithms.ts';
import { bitString, integer, sequence, TAG } from './der.ts';
import { DerError, integerOctets, Members, whole } from './derReader.ts';
import { refusing } from './refusing.ts';

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

/**
 * An ECDSA-Sig-Value as r||s, each as long as the curve's order.
 * @param size of the curve, in bits
 * @throws Refusal `SignatureMalformed`
 */
export function ecdsaOctets(der: Uint8Array, size: number): Buffer {
  const half = Math.ceil(size / 8);
  return refusing('SignatureMalformed', 'The ECDSA signature', () => {
    const members = new Members(whole(der, TAG.sequence));
    const [r, s] = [members.take(TAG.integer), members.take(TAG.integer)].map(integerOctets) as [Buffer, Buffer];
    members.end();
    if (r.length > half || s.length > half) throw new DerError('a number that is longer than the curve');
    const octets = Buffer.alloc(2 * half);
    r.copy(octets, half - r.length);
    s.copy(octets, 2 * half - s.length);
    return octets;
  });
}
