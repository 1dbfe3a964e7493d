import { quoted } from '../../domain/quoted.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { KeyKind } from '../../domain/spec.ts';
import { isUsage, type KeyUsageBit, USAGES, type UsageMeaning } from '../../domain/usages.ts';

/** Bits that each algorithm's keys may carry: RFC 3279 2.3.1, RFC 8813 section 3, RFC 8410 section 5. */
const ALLOWED: Readonly<Record<KeyKind['algorithm'], readonly KeyUsageBit[]>> = {
  RSA: ['digitalSignature', 'contentCommitment', 'keyEncipherment', 'dataEncipherment', 'keyCertSign', 'cRLSign'],
  ECDSA: [
    'digitalSignature',
    'contentCommitment',
    'keyAgreement',
    'keyCertSign',
    'cRLSign',
    'encipherOnly',
    'decipherOnly',
  ],
  Ed25519: ['digitalSignature', 'contentCommitment', 'keyCertSign', 'cRLSign'],
};

/** Each bit's place in the BIT STRING (RFC 5280 4.2.1.3). */
const PLACE: Readonly<Record<KeyUsageBit, number>> = {
  digitalSignature: 0,
  contentCommitment: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
  encipherOnly: 7,
  decipherOnly: 8,
};

const SERVER_AUTH = USAGES['server auth'].extended;

/** What the key usage and extended key usage extensions shall hold. */
export interface UsageExtensions {
  /** Places in the BIT STRING, at least one. */
  readonly keyUsage: readonly number[];
  /** OIDs; empty means no extension. */
  readonly extended: readonly string[];
}

/**
 * Usage words as extensions. Bits that the key's algorithm cannot serve are left out; a leaf has no CA bits, serves TLS servers when no
 * extended usage is named, and signs when nothing else is left. A CA signs certificates and CRLs, enciphers nothing, and is restricted only by
 * the extended usages that it names.
 * @throws Refusal `UnknownUsage`
 */
export function usageExtensions(usages: readonly string[], kind: KeyKind, isCA: boolean): UsageExtensions {
  const meanings: UsageMeaning[] = usages.map(meaning);
  const bits = new Set<KeyUsageBit>(isCA ? ['keyCertSign', 'cRLSign'] : []);
  const extended = new Set<string>();
  for (const each of meanings) {
    if ('extended' in each) extended.add(each.extended);
    else if (mayCarry(each.keyUsage, kind, isCA)) bits.add(each.keyUsage);
  }
  if (!bits.has('keyAgreement')) {
    // RFC 5280 4.2.1.3: these two mean nothing without key agreement.
    bits.delete('encipherOnly');
    bits.delete('decipherOnly');
  }
  if (bits.size === 0) bits.add('digitalSignature');
  if (extended.size === 0 && !isCA) extended.add(SERVER_AUTH);
  return { keyUsage: [...bits].map((bit) => PLACE[bit]), extended: [...extended] };
}

function meaning(word: string): UsageMeaning {
  if (isUsage(word)) return USAGES[word];
  throw new Refusal('UnknownUsage', `${quoted(word)} is not a usage`, { field: 'spec.usages' });
}

/** RFC 5280 4.2.1.9: no CA bits without CA. RFC 3279 2.3.1: a key that signs certificates should not encipher. */
const LEAF_LACKS: readonly KeyUsageBit[] = ['keyCertSign', 'cRLSign'];
const CA_LACKS: readonly KeyUsageBit[] = ['keyEncipherment', 'dataEncipherment'];

const mayCarry = (bit: KeyUsageBit, kind: KeyKind, isCA: boolean): boolean =>
  ALLOWED[kind.algorithm].includes(bit) && !(isCA ? CA_LACKS : LEAF_LACKS).includes(bit);
