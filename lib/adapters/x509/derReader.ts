/** Reads DER (X.690) strictly: definite, shortest lengths, no multi-octet tags. Nothing is copied; elements are views. */

import { TAG } from './der.ts';

/** Bytes that are not the DER that was looked for. Never leaves this folder: `refusing` turns it into a Refusal. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

/** One element: its tag octet, its contents, and the whole encoding with tag and length. */
export interface Element {
  readonly tag: number;
  readonly contents: Buffer;
  readonly whole: Buffer;
}

const NAMES = new Map<number, string>(Object.entries(TAG).map(([name, tag]) => [tag, name]));
const tagName = (tag: number): string => NAMES.get(tag) ?? `tag 0x${tag.toString(16)}`;

/** Bytes as a Buffer over the same memory. */
export const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The one element that fills `bytes` exactly. */
export function whole(bytes: Uint8Array, tag: number): Element {
  const buffer = view(bytes);
  const first = elementAt(buffer, 0);
  if (first.whole.length !== buffer.length) throw new DerError('data follows the end of the structure');
  return expectTag(first, tag);
}

function elementAt(buffer: Buffer, start: number): Element {
  const tag = buffer[start];
  let length = buffer[start + 1];
  if (tag === undefined || length === undefined) throw new DerError('the structure is cut short');
  if ((tag & 0x1f) === 0x1f) throw new DerError('a tag of more than one octet');
  let from = start + 2;
  if (length >= 0x80) {
    const octets = length & 0x7f;
    if (octets === 0 || octets > 4) throw new DerError('a length that DER does not allow');
    if (from + octets > buffer.length) throw new DerError('the structure is cut short');
    length = buffer.readUIntBE(from, octets);
    if (length < 0x80 || length < 2 ** (8 * (octets - 1))) throw new DerError('a length not in its shortest form');
    from += octets;
  }
  const end = from + length;
  if (end > buffer.length) throw new DerError('the structure is cut short');
  return { tag, contents: buffer.subarray(from, end), whole: buffer.subarray(start, end) };
}

function expectTag(found: Element | undefined, tag: number): Element {
  if (!found) throw new DerError(`${tagName(tag)} is missing`);
  if (found.tag !== tag) throw new DerError(`${tagName(found.tag)} where ${tagName(tag)} must stand`);
  return found;
}

/** The members of a constructed element, to be taken in order. */
export class Members {
  readonly #contents: Buffer;
  #at = 0;
  constructor(of: Element) {
    this.#contents = of.contents;
  }

  get done(): boolean {
    return this.#at >= this.#contents.length;
  }

  /** The next member, of any tag. */
  next(): Element {
    const found = elementAt(this.#contents, this.#at);
    this.#at += found.whole.length;
    return found;
  }

  /** The next member, which must have this tag. */
  take(tag: number): Element {
    return expectTag(this.done ? undefined : this.next(), tag);
  }

  /** The next member if it has this tag; otherwise nothing is taken. */
  optional(tag: number): Element | undefined {
    return this.#contents[this.#at] === tag ? this.next() : undefined;
  }

  /** @throws DerError when members are left */
  end(): void {
    if (!this.done) throw new DerError(`an unexpected ${tagName(this.#contents[this.#at]!)}`);
  }

  *rest(): Generator<Element> {
    while (!this.done) yield this.next();
  }
}

/** Contents of an INTEGER without the sign octet, at least one octet. */
export function integerOctets(element: Element): Buffer {
  const { contents } = element;
  if (contents.length === 0) throw new DerError('an INTEGER without contents');
  return contents.length > 1 && contents[0] === 0 ? contents.subarray(1) : contents;
}

/** Octets of a BIT STRING without unused bits. */
export function bitStringOctets(element: Element): Buffer {
  if (element.contents[0] !== 0) throw new DerError('a BIT STRING that is not of whole octets');
  return element.contents.subarray(1);
}

/** Real ones are shorter; one without bound would cost time squared in its length. */
const MAX_OID_OCTETS = 64;

/** An OBJECT IDENTIFIER in dotted form. */
export function oidText(element: Element): string {
  const { contents } = element;
  const last = contents[contents.length - 1];
  if (last === undefined || last & 0x80 || contents.length > MAX_OID_OCTETS) {
    throw new DerError('a broken OBJECT IDENTIFIER');
  }
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const octet of contents) {
    arc = arc * 128n + BigInt(octet & 0x7f);
    if (octet & 0x80) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const [first = 0n, ...others] = arcs;
  const root = first < 80n ? first / 40n : 2n;
  return [root, first - root * 40n, ...others].join('.');
}

const UTC_TIME = /^(\d\d)(\d{10})Z$/;
const GENERALIZED_TIME = /^\d{14}Z$/;

/** Milliseconds since the epoch of a Time as RFC 5280 4.1.2.5 writes it. */
export function timeMillis(element: Element): number {
  const text = element.contents.toString('latin1');
  const utc = element.tag === TAG.utcTime ? UTC_TIME.exec(text) : null;
  let digits = '';
  if (utc) digits = `${Number(utc[1]) < 50 ? '20' : '19'}${utc[1]}${utc[2]}`;
  else if (element.tag === TAG.generalizedTime && GENERALIZED_TIME.test(text)) digits = text.slice(0, 14);
  const iso = digits.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6.000Z');
  const at = Date.parse(iso);
  if (Number.isNaN(at)) throw new DerError('a time that is none');
  return at;
}

const UTF16 = new TextDecoder('utf-16be');

/** Text of a directory string, whatever its kind. Octets that are no text become U+FFFD, so that they match no name. */
export function text(element: Element): string | undefined {
  const { tag, contents } = element;
  if (tag === TAG.utf8String) return contents.toString('utf8');
  if (tag === TAG.bmpString) return UTF16.decode(contents);
  if (tag === TAG.printableString || tag === TAG.ia5String || tag === 0x12) return ascii(contents);
  return tag === TAG.t61String ? contents.toString('latin1') : undefined;
}

/** Octets as ASCII; others become U+FFFD. */
export const ascii = (octets: Buffer): string => octets.toString('latin1').replace(/[\u0080-\u00ff]/g, '\ufffd');
