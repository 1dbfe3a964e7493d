/** Writes DER (X.690): only what certificates and requests need. Every function answers one complete element. */

/** Tags of the universal types in use, with the constructed bit where the type is always constructed. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element: tag, length in the shortest form, and the contents one after the other. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const part of contents) length += part.length;
  const out = Buffer.allocUnsafe(1 + lengthOctets(length) + length);
  let at = writeHeader(out, tag, length);
  for (const part of contents) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function lengthOctets(length: number): number {
  if (length < 0x80) return 1;
  if (length < 0x100) return 2;
  return length < 0x10000 ? 3 : 4;
}

function writeHeader(out: Buffer, tag: number, length: number): number {
  out[0] = tag;
  const octets = lengthOctets(length) - 1;
  if (octets === 0) {
    out[1] = length;
    return 2;
  }
  out[1] = 0x80 | octets;
  return out.writeUIntBE(length, 2, octets);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => element(TAG.sequence, ...parts);

/** SET OF: DER wants the members in order of their encodings (X.690 11.6). */
export const setOf = (...parts: readonly Uint8Array[]): Buffer =>
  element(TAG.set, ...[...parts].sort((a, b) => Buffer.compare(a, b)));

export const octetString = (contents: Uint8Array): Buffer => element(TAG.octetString, contents);

/** A BIT STRING of whole octets. */
export const bitString = (contents: Uint8Array): Buffer => element(TAG.bitString, Buffer.of(0), contents);

/** A BIT STRING of named bits; trailing zero bits are left out (X.690 11.2.2). */
export function namedBits(bits: readonly number[]): Buffer {
  const highest = Math.max(-1, ...bits);
  const octets = Buffer.alloc((highest >> 3) + 1);
  for (const bit of bits) octets[bit >> 3]! |= 0x80 >> (bit & 7);
  const unused = highest < 0 ? 0 : 7 - (highest & 7);
  return element(TAG.bitString, Buffer.of(unused), octets);
}

/** A non-negative INTEGER from its big-endian octets, in the shortest form. */
export function integer(magnitude: Uint8Array): Buffer {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const shortest = magnitude.subarray(start);
  const first = shortest[0];
  if (first === undefined) return element(TAG.integer, Buffer.of(0));
  return first & 0x80 ? element(TAG.integer, Buffer.of(0), shortest) : element(TAG.integer, shortest);
}

export const TRUE = element(TAG.boolean, Buffer.of(0xff));
export const NULL = element(TAG.null);

/** An OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Buffer {
  const arcs = dotted.split('.').map(Number);
  const octets = [arcs[0]! * 40 + arcs[1]!, ...arcs.slice(2)].flatMap(base128);
  return element(TAG.oid, Buffer.from(octets));
}

function base128(arc: number): number[] {
  const digits = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift(0x80 | (rest % 128));
  return digits;
}

/** [n] EXPLICIT. */
export const explicit = (n: number, ...contents: readonly Uint8Array[]): Buffer => element(0xa0 | n, ...contents);

/** [n] IMPLICIT over a primitive type. */
export const implicit = (n: number, contents: Uint8Array): Buffer => element(0x80 | n, contents);

/** A Time as RFC 5280 4.1.2.5 asks: UTCTime from 1950 to 2049, otherwise GeneralizedTime. Parts of a second are dropped. */
export function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().slice(0, 19).replace(/[-:T]/g, '');
  const year = Number(digits.slice(0, 4));
  return year >= 1950 && year < 2050
    ? element(TAG.utcTime, Buffer.from(`${digits.slice(2)}Z`, 'latin1'))
    : element(TAG.generalizedTime, Buffer.from(`${digits}Z`, 'latin1'));
}
