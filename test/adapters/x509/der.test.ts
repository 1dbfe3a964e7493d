import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { element, integer, namedBits, oid, sequence, setOf, TAG, time } from '../../../lib/adapters/x509/der.ts';
import { DerError, integerOctets, Members, oidText, timeMillis, whole } from '../../../lib/adapters/x509/derReader.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('the DER writer', () => {
  it.each([
    [0, '0400'],
    [127, '047f'],
    [128, '048180'],
    [255, '0481ff'],
    [256, '04820100'],
    [65_536, '0483010000'],
  ])('writes the length %i in its shortest form', (length, header) => {
    const written = element(TAG.octetString, Buffer.alloc(length, 0xaa));
    expect(hex(written.subarray(0, header.length / 2))).toBe(header);
    expect(written.length).toBe(header.length / 2 + length);
  });

  it.each([
    ['', '020100'],
    ['00', '020100'],
    ['0000', '020100'],
    ['7f', '02017f'],
    ['80', '02020080'],
    ['0080', '02020080'],
    ['00ff01', '020300ff01'],
  ])('writes the integer with the octets "%s" positive and in its shortest form', (octets, encoded) => {
    expect(hex(integer(Buffer.from(octets, 'hex')))).toBe(encoded);
  });

  it('leaves out trailing zero bits of named bits', () => {
    expect(hex(namedBits([0]))).toBe('03020780');
    expect(hex(namedBits([0, 2]))).toBe('030205a0');
    expect(hex(namedBits([5, 6]))).toBe('03020106');
    expect(hex(namedBits([4, 8]))).toBe('0303070880');
    expect(hex(namedBits([]))).toBe('030100');
  });

  it('orders the members of a SET OF by their encodings', () => {
    expect(hex(setOf(integer(Buffer.of(9)), integer(Buffer.of(3))))).toBe('3106020103020109');
  });

  it.each([
    ['1949-12-31T23:59:59Z', TAG.generalizedTime, '19491231235959Z'],
    ['1950-01-01T00:00:00Z', TAG.utcTime, '500101000000Z'],
    ['2049-12-31T23:59:59.999Z', TAG.utcTime, '491231235959Z'],
    ['2050-01-01T00:00:00Z', TAG.generalizedTime, '20500101000000Z'],
  ])('writes the time %s with the tag and digits of RFC 5280', (at, tag, digits) => {
    const written = time(Date.parse(at));
    expect(written[0]).toBe(tag);
    expect(written.subarray(2).toString('latin1')).toBe(digits);
  });
});

describe('the DER reader', () => {
  it.each([
    ['nothing', ''],
    ['a tag alone', '30'],
    ['contents that are cut short', '300201'],
    ['an indefinite length', '30800000'],
    ['a length of five octets', '30850000000000'],
    ['a long form for a short length', '30810100'],
    ['a length with a leading zero octet', `30820080${'00'.repeat(128)}`],
    ['a tag of two octets', '3f8101'],
    ['data behind the end', '300000'],
    ['another tag', '3100'],
  ])('refuses %s', (_, bytes) => {
    expect(() => whole(Buffer.from(bytes, 'hex'), TAG.sequence)).toThrow(DerError);
  });

  it('refuses an object identifier without end, however long', () => {
    const endless = element(TAG.oid, Buffer.alloc(200_000, 0xff));
    expect(() => oidText(whole(endless, TAG.oid))).toThrow(DerError);
  });

  it('takes members in order, and says when one is missing or left', () => {
    const members = new Members(whole(sequence(integer(Buffer.of(1)), oid('1.2.3')), TAG.sequence));
    expect(members.optional(TAG.boolean)).toBeUndefined();
    expect(hex(members.take(TAG.integer).contents)).toBe('01');
    expect(() => members.end()).toThrow('an unexpected oid');
    expect(oidText(members.take(TAG.oid))).toBe('1.2.3');
    expect(() => members.take(TAG.null)).toThrow('null is missing');
    members.end();
  });

  it('reads every object identifier as it was written', () => {
    const arc = fc.integer({ min: 0, max: 2 ** 31 });
    const dotted = fc
      .tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 39 }), fc.array(arc, { maxLength: 8 }))
      .map(([first, second, others]) => [first, second, ...others].join('.'));
    fc.assert(
      fc.property(dotted, (id) => {
        expect(oidText(whole(oid(id), TAG.oid))).toBe(id);
      }),
    );
  });

  it('reads every time to the second as it was written', () => {
    const seconds = fc.integer({ min: Date.parse('1900-01-01') / 1000, max: Date.parse('9999-12-31') / 1000 });
    fc.assert(
      fc.property(seconds, (at) => {
        const written = time(at * 1000);
        expect(timeMillis(whole(written, written[0]!))).toBe(at * 1000);
      }),
    );
  });

  it.each(['2601010000Z', '260101000000', '261301000000Z', '260101000000+0000', ''])(
    'refuses the UTCTime "%s"',
    (digits) => {
      const written = element(TAG.utcTime, Buffer.from(digits, 'latin1'));
      expect(() => timeMillis(whole(written, TAG.utcTime))).toThrow('a time that is none');
    },
  );

  it('reads every non-negative integer as it was written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 160n }), (number) => {
        const text = number.toString(16);
        const magnitude = Buffer.from(text.length % 2 ? `0${text}` : text, 'hex');
        const read = integerOctets(whole(integer(magnitude), TAG.integer));
        expect(BigInt(`0x${read.toString('hex')}`)).toBe(number);
      }),
    );
  });

  it('throws nothing but DerError, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          for (const member of new Members(whole(bytes, bytes[0] ?? 0)).rest()) oidText(member);
        } catch (error) {
          expect(error).toBeInstanceOf(DerError);
        }
      }),
    );
  });
});
