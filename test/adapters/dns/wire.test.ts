import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeName, encodeName, isWithin, normalName, parentName, sameName } from '../../../lib/adapters/dns/name.ts';
import {
  CLASS,
  decodeMessage,
  encodeMessage,
  OPCODE,
  question,
  type ResourceRecord,
  TYPE,
  txtData,
  txtText,
  update,
} from '../../../lib/adapters/dns/wire.ts';
import { DnsError } from '../../../lib/ports/dnsProvider.ts';

const wireLabel = fc.uint8Array({ minLength: 1, maxLength: 12 });
const wireName = fc
  .array(wireLabel, { maxLength: 6 })
  .map((labels) => Buffer.concat([...labels.flatMap((label) => [Buffer.of(label.length), label]), Buffer.of(0)]));
const textName = wireName.map((wire) => decodeName(wire, 0).name);
const uint16 = fc.integer({ min: 0, max: 0xffff });

const record: fc.Arbitrary<ResourceRecord> = fc.record({
  name: textName,
  type: uint16.filter((type) => type !== TYPE.TSIG && type !== TYPE.NS && type !== TYPE.CNAME),
  class: uint16,
  ttl: fc.integer({ min: 0, max: 0xffffffff }),
  data: fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.from(octets)),
});
const records = fc.array(record, { maxLength: 3 });

const message = fc.record({
  id: uint16,
  response: fc.boolean(),
  opcode: fc.constantFrom(OPCODE.QUERY, OPCODE.UPDATE),
  authoritative: fc.boolean(),
  truncated: fc.boolean(),
  recursionDesired: fc.boolean(),
  rcode: fc.integer({ min: 0, max: 15 }),
  questions: fc.array(fc.record({ name: textName, type: uint16, class: uint16 }), { maxLength: 2 }),
  answers: records,
  authorities: records,
  additionals: records,
});

describe('names', () => {
  test('any octets in labels come back as they were', () => {
    fc.assert(
      fc.property(wireName, (wire) => {
        const { name, end } = decodeName(wire, 0);
        expect(end).toBe(wire.length);
        expect(encodeName(name)).toEqual(wire);
      }),
    );
  });

  test('a parent is one label shorter, and holds its child', () => {
    fc.assert(
      fc.property(textName, (name) => {
        const parent = parentName(name);
        if (parent === undefined) return name === '';
        const labels = (text: string) => encodeName(text);
        return (
          isWithin(name, parent) &&
          labels(name)
            .subarray(1 + (labels(name)[0] as number))
            .equals(labels(parent))
        );
      }),
    );
  });

  test('a name is within its own zone and its parents, not within a zone that only ends alike', () => {
    expect(isWithin('a.Example.test', 'example.TEST')).toBe(true);
    expect(isWithin('badexample.test', 'example.test')).toBe(false);
    expect(isWithin('anything', '')).toBe(true);
    expect(sameName('A.test', 'a.TEST')).toBe(true);
    expect(normalName('A.Example.')).toBe('a.example');
  });

  test.each(['a..b', '.a', 'a.', `${'x'.repeat(64)}.test`, `${'abcdefg.'.repeat(32)}test`])('%s is refused', (name) => {
    expect(() => encodeName(name)).toThrow(DnsError);
  });

  test('a compression pointer is followed backwards only', () => {
    const wire = Buffer.concat([encodeName('example.test'), Buffer.of(1, 0x61, 0xc0, 0)]);
    expect(decodeName(wire, 14)).toEqual({ name: 'a.example.test', end: 18 });
    expect(() => decodeName(Buffer.of(0xc0, 0), 0)).toThrow('backwards');
    expect(() => decodeName(Buffer.of(1, 0x61, 0xc0, 4, 0xc0, 2), 0)).toThrow('backwards');
  });
});

describe('messages', () => {
  test('what is encoded comes back', () => {
    fc.assert(
      fc.property(message, (original) => {
        expect(decodeMessage(encodeMessage(original))).toEqual(original);
      }),
    );
  });

  test('any octets either decode or are DnsMalformed', () => {
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.tuple(message, fc.nat(400), fc.nat(255)).map(([original, at, octet]) => {
        const wire = encodeMessage(original);
        wire[at % wire.length] = octet;
        return wire;
      }),
    );
    fc.assert(
      fc.property(octets, (wire) => {
        try {
          decodeMessage(Buffer.from(wire));
        } catch (error) {
          expect(error).toMatchObject({ name: 'DnsError', code: 'DnsMalformed' });
        }
      }),
    );
  });

  test('every proper beginning of a message is malformed', () => {
    const wire = question(7, '_acme-challenge.example.test', TYPE.TXT);
    for (let length = 0; length < wire.length; length += 1)
      expect(() => decodeMessage(wire.subarray(0, length))).toThrow(DnsError);
    expect(() => decodeMessage(Buffer.concat([wire, Buffer.of(0)]))).toThrow(DnsError);
  });

  test('names in NS and CNAME data are decompressed', () => {
    const head = encodeMessage({ id: 1, questions: [{ name: 'example.test', type: TYPE.NS, class: CLASS.IN }] });
    head.writeUInt16BE(1, 6);
    const answer = Buffer.concat([
      head,
      Buffer.of(0xc0, 12, 0, 2, 0, 1, 0, 0, 0, 9, 0, 5),
      Buffer.from('\x02ns\xc0\x0c', 'latin1'),
    ]);
    expect(decodeMessage(answer).answers).toEqual([
      { name: 'example.test', type: TYPE.NS, class: CLASS.IN, ttl: 9, data: encodeName('ns.example.test') },
    ]);
  });

  test('a question asks for no recursion', () => {
    const asked = decodeMessage(question(5, 'example.test', TYPE.SOA));
    expect(asked).toMatchObject({ id: 5, recursionDesired: false, opcode: OPCODE.QUERY });
    expect(asked.questions).toEqual([{ name: 'example.test', type: TYPE.SOA, class: CLASS.IN }]);
  });

  test('an update over 65,535 octets is refused, not cut', () => {
    const value = { name: 'a.test', type: TYPE.TXT, class: CLASS.IN, ttl: 60, data: txtData('x'.repeat(200)) };
    expect(() => update(1, 'test', [], Array(400).fill(value))).toThrow('65,535');
  });
});

describe('TXT data', () => {
  test('any text comes back, in strings of at most 255 octets', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 900 }).map((octets) => Buffer.from(octets).toString('latin1')),
        (text) => {
          expect(txtText(txtData(text))).toBe(text);
        },
      ),
    );
    expect(txtData('')).toEqual(Buffer.of(0));
    expect(txtData('x'.repeat(300))[0]).toBe(255);
  });

  test('a string that runs over the end is malformed', () => {
    expect(() => txtText(Buffer.of(3, 0x61))).toThrow(DnsError);
  });
});
