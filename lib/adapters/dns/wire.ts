import { DnsError } from '../../ports/dnsProvider.ts';
import { decodeName, encodeName } from './name.ts';

/** DNS messages (RFC 1035 4), as far as dynamic update and TXT look-ups need them. */

/** Record types and the classes of RFC 2136 2.4 and 2.5. */
export const TYPE = { NS: 2, CNAME: 5, SOA: 6, TXT: 16, OPT: 41, TSIG: 250 } as const;
export const CLASS = { IN: 1, NONE: 254, ANY: 255 } as const;
export const OPCODE = { QUERY: 0, UPDATE: 5 } as const;

/** In an update message this is the zone section (RFC 2136 2.3). */
export interface Question {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

/** `data` is the RDATA; names in NS and CNAME data are decompressed, other types are as they came. */
export interface ResourceRecord {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Seconds; for OPT its flags, and 0 where RFC 2136 says so. */
  readonly ttl: number;
  readonly data: Buffer;
}

/** The sections of an update are zone, prerequisite, update and additional (RFC 2136 2). */
export interface Message {
  readonly id: number;
  readonly response: boolean;
  readonly opcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly rcode: number;
  readonly questions: readonly Question[];
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
  /** Of a decoded message: where its TSIG record begins, when the last record is one. */
  readonly tsigAt?: number;
}

const HEADER = 12;
const MAX_MESSAGE = 65_535;

const malformed = (why: string): DnsError => new DnsError('DnsMalformed', why, false);

/** A question without recursion (RD=0), and EDNS with a size that no path splits (RFC 6891; 1232 octets). */
export function question(id: number, name: string, type: number): Buffer {
  const options = { name: '', type: TYPE.OPT, class: 1232, ttl: 0, data: Buffer.alloc(0) };
  return encodeMessage({ id, questions: [{ name, type, class: CLASS.IN }], additionals: [options] });
}

/** An UPDATE of `zone` (RFC 2136 2): all changes are made when all prerequisites hold, else none. */
export function update(
  id: number,
  zone: string,
  prerequisites: readonly ResourceRecord[],
  changes: readonly ResourceRecord[],
): Buffer {
  const questions = [{ name: zone, type: TYPE.SOA, class: CLASS.IN }];
  return encodeMessage({ id, opcode: OPCODE.UPDATE, questions, answers: prerequisites, authorities: changes });
}

/** Encodes without name compression; what is left out is empty, 0 or false. @throws DnsError `DnsMalformed` over 65,535 octets */
export function encodeMessage(message: Partial<Message> & { readonly id: number }): Buffer {
  const { questions = [], answers = [], authorities = [], additionals = [] } = message;
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(message.id, 0);
  header.writeUInt16BE(flagsOf(message), 2);
  for (const [index, section] of [questions, answers, authorities, additionals].entries())
    header.writeUInt16BE(section.length, 4 + 2 * index);
  const records = [...answers, ...authorities, ...additionals].map(encodeRecord);
  const wire = Buffer.concat([header, ...questions.map(encodeQuestion), ...records]);
  if (wire.length > MAX_MESSAGE) throw malformed('the message is larger than 65,535 octets');
  return wire;
}

/** Decodes a whole message; octets behind it are an error. @throws DnsError `DnsMalformed` */
export function decodeMessage(wire: Buffer): Message {
  const reader = new Reader(wire);
  const [id, flags] = [reader.uint16(), reader.uint16()];
  const [qd, an, ns, ar] = [reader.uint16(), reader.uint16(), reader.uint16(), reader.uint16()];
  const questions = Array.from({ length: qd }, () => reader.question());
  const [answers, authorities, additionals] = [reader.records(an), reader.records(ns), reader.records(ar)];
  reader.finish();
  const signed = additionals.at(-1)?.type === TYPE.TSIG;
  return {
    id,
    response: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 0xf,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    rcode: flags & 0xf,
    questions,
    answers,
    authorities,
    additionals,
    ...(signed ? { tsigAt: reader.lastRecordAt } : {}),
  };
}

/** TXT RDATA: the text in character-strings of at most 255 octets (RFC 1035 3.3.14). */
export function txtData(text: string): Buffer {
  const octets = Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  for (let at = 0; at === 0 || at < octets.length; at += 255) {
    const part = octets.subarray(at, at + 255);
    parts.push(Buffer.of(part.length), part);
  }
  return Buffer.concat(parts);
}

/** The text of TXT RDATA, its character-strings joined. @throws DnsError `DnsMalformed` */
export function txtText(data: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at < data.length; ) {
    const end = at + 1 + (data[at] as number);
    if (end > data.length) throw malformed('a TXT record runs over its end');
    parts.push(data.subarray(at + 1, end));
    at = end;
  }
  return Buffer.concat(parts).toString('utf8');
}

/** One record on the wire. */
export function encodeRecord(record: ResourceRecord): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(record.type, 0);
  fixed.writeUInt16BE(record.class, 2);
  fixed.writeUInt32BE(record.ttl, 4);
  fixed.writeUInt16BE(record.data.length, 8);
  return Buffer.concat([encodeName(record.name), fixed, record.data]);
}

function encodeQuestion(asked: Question): Buffer {
  const fixed = Buffer.alloc(4);
  fixed.writeUInt16BE(asked.type, 0);
  fixed.writeUInt16BE(asked.class, 2);
  return Buffer.concat([encodeName(asked.name), fixed]);
}

function flagsOf(message: Partial<Message>): number {
  return (
    (message.response ? 0x8000 : 0) |
    ((message.opcode ?? OPCODE.QUERY) << 11) |
    (message.authoritative ? 0x0400 : 0) |
    (message.truncated ? 0x0200 : 0) |
    (message.recursionDesired ? 0x0100 : 0) |
    (message.rcode ?? 0)
  );
}

/** Reads a message from its begin to its end. */
class Reader {
  readonly #wire: Buffer;
  #at = 0;
  /** Where the record that was read last begins. */
  lastRecordAt = 0;

  constructor(wire: Buffer) {
    this.#wire = wire;
  }

  uint16(): number {
    return this.#take(2).readUInt16BE();
  }

  question(): Question {
    return { name: this.#name(), type: this.uint16(), class: this.uint16() };
  }

  records(count: number): ResourceRecord[] {
    return Array.from({ length: count }, () => this.#record());
  }

  finish(): void {
    if (this.#at !== this.#wire.length) throw malformed('octets follow the message');
  }

  #record(): ResourceRecord {
    this.lastRecordAt = this.#at;
    const name = this.#name();
    const [type, recordClass] = [this.uint16(), this.uint16()];
    const ttl = this.#take(4).readUInt32BE();
    const length = this.uint16();
    const start = this.#at;
    const data = this.#take(length);
    if (length === 0 || (type !== TYPE.NS && type !== TYPE.CNAME)) return { name, type, class: recordClass, ttl, data };
    const target = decodeName(this.#wire, start);
    if (target.end !== start + length) throw malformed('a name does not fill its record');
    return { name, type, class: recordClass, ttl, data: encodeName(target.name) };
  }

  #name(): string {
    const { name, end } = decodeName(this.#wire, this.#at);
    this.#at = end;
    return name;
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#wire.length) throw malformed('the message ends too early');
    const part = this.#wire.subarray(this.#at, end);
    this.#at = end;
    return part;
  }
}
