import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Rfc2136Spec } from '../../domain/spec.ts';
import { DnsError } from '../../ports/dnsProvider.ts';
import { decodeName, encodeName, normalName, sameName } from './name.ts';
import { CLASS, decodeMessage, encodeRecord, type Message, type ResourceRecord, TYPE } from './wire.ts';

/** Transaction signatures (RFC 8945): requests are signed, answers must be. */

type Algorithm = NonNullable<Rfc2136Spec['tsigAlgorithm']>;

/** cert-manager's spelling, the name on the wire (RFC 8945 6), node:crypto's. */
const ALGORITHMS: Readonly<Record<Algorithm, { readonly wire: string; readonly hash: string }>> = {
  HMACSHA1: { wire: 'hmac-sha1', hash: 'sha1' },
  HMACSHA256: { wire: 'hmac-sha256', hash: 'sha256' },
  HMACSHA512: { wire: 'hmac-sha512', hash: 'sha512' },
};

/** Error field values (RFC 8945 3). */
const BADSIG = 16;
const BADKEY = 17;
const BADTIME = 18;

/** Seconds by which clocks may differ (RFC 8945 10 recommends 300). */
const FUDGE = 300;

export interface TsigKey {
  readonly name: string;
  readonly algorithm: Algorithm;
  readonly secret: Buffer;
}

/** A signed message, and its MAC, which the answer's signature covers too. */
export interface Signed {
  readonly wire: Buffer;
  readonly mac: Buffer;
}

/** Fields of a TSIG record (RFC 8945 4.2). */
interface Tsig {
  readonly keyName: string;
  readonly algorithm: string;
  /** Seconds since the epoch. */
  readonly time: number;
  readonly fudge: number;
  readonly mac: Buffer;
  readonly originalId: number;
  readonly error: number;
  readonly other: Buffer;
}

/**
 * The key of an rfc2136 solver.
 * @param secret base64, as name servers' key files and cert-manager have it
 * @returns undefined when the solver names no key
 * @throws DnsError `DnsBadKey` when name or secret is missing, or the secret is not base64
 */
export function tsigKey(spec: Rfc2136Spec, secret: string | undefined): TsigKey | undefined {
  const name = spec.tsigKeyName;
  if (!name && !secret) return undefined;
  if (!name || !secret) throw new DnsError('DnsBadKey', 'a TSIG key needs both tsigKeyName and a secret', false);
  const text = secret.trim();
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
    throw new DnsError('DnsBadKey', `the secret of the TSIG key ${name} is not base64`, false);
  return { name: normalName(name), algorithm: spec.tsigAlgorithm ?? 'HMACSHA256', secret: Buffer.from(text, 'base64') };
}

/** Appends a TSIG record to a message. @param now milliseconds since the epoch */
export function sign(message: Buffer, key: TsigKey, now: number): Signed {
  const unsigned: Omit<Tsig, 'mac'> = {
    keyName: key.name,
    algorithm: ALGORITHMS[key.algorithm].wire,
    time: Math.floor(now / 1000),
    fudge: FUDGE,
    originalId: message.readUInt16BE(0),
    error: 0,
    other: Buffer.alloc(0),
  };
  const mac = hmac(key, [message, variables(unsigned)]);
  const wire = Buffer.concat([message, encodeRecord(tsigRecord({ ...unsigned, mac }))]);
  wire.writeUInt16BE(wire.readUInt16BE(10) + 1, 10);
  return { wire, mac };
}

/**
 * Decodes the answer to a signed request and checks its signature and time (RFC 8945 5.3). An unsigned answer passes only when it is an error:
 * a server may be unable to sign that, and nothing is believed from it but the refusal.
 * @throws DnsError `DnsBadKey`, `DnsBadSig`, `DnsBadTime`, `DnsMalformed`
 */
export function verify(answer: Buffer, key: TsigKey, requestMac: Buffer, now: number): Message {
  const message = decodeMessage(answer);
  const tsig = message.tsigAt === undefined ? undefined : readTsig(message.additionals.at(-1) as ResourceRecord);
  if (!tsig) {
    if (message.rcode === 0) throw new DnsError('DnsBadSig', 'the answer is not signed', false);
    return message;
  }
  throwNamedError(tsig, key);
  if (!sameName(tsig.keyName, key.name) || !sameName(tsig.algorithm, ALGORITHMS[key.algorithm].wire))
    throw new DnsError('DnsBadSig', `the answer is signed with another key than ${key.name}`, false);
  const expected = hmac(key, [lengthPrefixed(requestMac), stripped(answer, message, tsig), variables(tsig)]);
  if (expected.length !== tsig.mac.length || !timingSafeEqual(expected, tsig.mac))
    throw new DnsError('DnsBadSig', "the answer's signature is wrong", false);
  if (Math.abs(now / 1000 - tsig.time) > tsig.fudge) throw badTime(tsig.time);
  return message;
}

/** A server names these three in the signature's error field, mostly without a signature of its own (RFC 8945 5.3.2). */
function throwNamedError(tsig: Tsig, key: TsigKey): void {
  if (tsig.error === BADKEY) {
    const message = `the server does not take the TSIG key ${key.name} with ${key.algorithm} for this (BADKEY)`;
    throw new DnsError('DnsBadKey', message, false);
  }
  if (tsig.error === BADSIG) {
    const message = `the server found the signature wrong: its secret for the TSIG key ${key.name} is another (BADSIG)`;
    throw new DnsError('DnsBadSig', message, false);
  }
  if (tsig.error === BADTIME) throw badTime(tsig.other.length === 6 ? tsig.other.readUIntBE(0, 6) : tsig.time);
}

function badTime(server: number): DnsError {
  const seen = new Date(server * 1000).toISOString();
  return new DnsError('DnsBadTime', `the clocks differ too much for TSIG: the server's says ${seen} (BADTIME)`, false);
}

function hmac(key: TsigKey, parts: readonly Buffer[]): Buffer {
  const mac = createHmac(ALGORITHMS[key.algorithm].hash, key.secret);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

/** The message as it was before it was signed (RFC 8945 4.3.2). */
function stripped(answer: Buffer, message: Message, tsig: Tsig): Buffer {
  const bare = Buffer.from(answer.subarray(0, message.tsigAt));
  bare.writeUInt16BE(tsig.originalId, 0);
  bare.writeUInt16BE(message.additionals.length - 1, 10);
  return bare;
}

/** What the MAC covers besides the message (RFC 8945 4.3.3): names in lower case. */
function variables(tsig: Omit<Tsig, 'mac'>): Buffer {
  const classAndTtl = Buffer.alloc(6);
  classAndTtl.writeUInt16BE(CLASS.ANY, 0);
  const error = Buffer.alloc(2);
  error.writeUInt16BE(tsig.error);
  return Buffer.concat([
    encodeName(tsig.keyName.toLowerCase()),
    classAndTtl,
    encodeName(tsig.algorithm.toLowerCase()),
    timeAndFudge(tsig),
    error,
    lengthPrefixed(tsig.other),
  ]);
}

function tsigRecord(tsig: Tsig): ResourceRecord {
  const ids = Buffer.alloc(4);
  ids.writeUInt16BE(tsig.originalId, 0);
  ids.writeUInt16BE(tsig.error, 2);
  const fields = [timeAndFudge(tsig), lengthPrefixed(tsig.mac), ids, lengthPrefixed(tsig.other)];
  const data = Buffer.concat([encodeName(tsig.algorithm), ...fields]);
  return { name: tsig.keyName, type: TYPE.TSIG, class: CLASS.ANY, ttl: 0, data };
}

function readTsig(record: ResourceRecord): Tsig {
  const { data } = record;
  try {
    const algorithm = decodeName(data, 0);
    const at = algorithm.end;
    const macEnd = at + 10 + data.readUInt16BE(at + 8);
    const otherAt = macEnd + 6;
    const otherLength = data.readUInt16BE(macEnd + 4);
    if (otherAt + otherLength !== data.length) throw new RangeError('length');
    return {
      keyName: record.name,
      algorithm: algorithm.name,
      time: data.readUIntBE(at, 6),
      fudge: data.readUInt16BE(at + 6),
      mac: data.subarray(at + 10, macEnd),
      originalId: data.readUInt16BE(macEnd),
      error: data.readUInt16BE(macEnd + 2),
      other: data.subarray(otherAt),
    };
  } catch {
    throw new DnsError('DnsMalformed', "the answer's TSIG record does not parse", false);
  }
}

function timeAndFudge({ time, fudge }: Pick<Tsig, 'time' | 'fudge'>): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeUIntBE(time, 0, 6);
  octets.writeUInt16BE(fudge, 6);
  return octets;
}

function lengthPrefixed(octets: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(octets.length);
  return Buffer.concat([length, octets]);
}
