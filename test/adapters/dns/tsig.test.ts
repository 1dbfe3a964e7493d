import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sign, tsigKey, verify } from '../../../lib/adapters/dns/tsig.ts';
import { encodeMessage, question, TYPE } from '../../../lib/adapters/dns/wire.ts';

const NOW = Date.parse('2026-01-31T12:00:00Z');
const secret = randomBytes(32).toString('base64');
const spec = { nameserver: 'ns.example.test', tsigKeyName: 'Key.Example.', tsigAlgorithm: 'HMACSHA512' } as const;
const key = tsigKey(spec, secret)!;
const NO_REQUEST = Buffer.alloc(0);

/**
 * The reader checks answers, whose MAC begins with the request's; a request's own MAC has no such part. Signing with a message that begins
 * with that part is not possible from outside, so these tests check refusals; the contract suite checks acceptance against real servers.
 */
const answer = () =>
  encodeMessage({ id: 9, response: true, questions: [{ name: 'a.test', type: TYPE.TXT, class: 1 }] });

describe('the key', () => {
  test('is read from base64, with HMAC-SHA256 when no algorithm is named', () => {
    expect(tsigKey({ nameserver: 'x', tsigKeyName: 'k' }, ` ${secret}\n`)).toEqual({
      name: 'k',
      algorithm: 'HMACSHA256',
      secret: Buffer.from(secret, 'base64'),
    });
  });

  test('may be absent as a whole, but not in part, and not be other than base64', () => {
    expect(tsigKey({ nameserver: 'x' }, undefined)).toBeUndefined();
    const badKey = expect.objectContaining({ code: 'DnsBadKey' });
    expect(() => tsigKey({ nameserver: 'x', tsigKeyName: 'k' }, undefined)).toThrow(badKey);
    expect(() => tsigKey({ nameserver: 'x' }, secret)).toThrow(badKey);
    expect(() => tsigKey({ nameserver: 'x', tsigKeyName: 'k' }, 'not base64!')).toThrow(badKey);
  });

  test('an error about the secret does not show it', () => {
    const text = `${randomBytes(12).toString('hex')}!`;
    expect(() => tsigKey({ nameserver: 'x', tsigKeyName: 'k' }, text)).not.toThrow(text);
  });
});

describe('an answer is refused', () => {
  test('when it is not signed, unless it is an error', () => {
    const refused = Buffer.from(answer());
    expect(() => verify(refused, key, NO_REQUEST, NOW)).toThrow(expect.objectContaining({ code: 'DnsBadSig' }));
    refused.writeUInt16BE(0x8005, 2);
    expect(verify(refused, key, NO_REQUEST, NOW).rcode).toBe(5);
  });

  test('when it is the signed request itself, sent back', () => {
    const request = sign(question(9, 'a.test', TYPE.TXT), key, NOW);
    expect(() => verify(request.wire, key, request.mac, NOW)).toThrow(expect.objectContaining({ code: 'DnsBadSig' }));
  });

  test('when another key or algorithm signed it', () => {
    const others = [
      { ...key, name: 'other.example' },
      { ...key, algorithm: 'HMACSHA1' as const },
      { ...key, secret: randomBytes(32) },
    ];
    for (const other of others)
      expect(() => verify(sign(answer(), other, NOW).wire, key, NO_REQUEST, NOW)).toThrow(
        expect.objectContaining({ code: 'DnsBadSig' }),
      );
  });

  test('whatever octets it has', () => {
    const signed = sign(answer(), key, NOW);
    fc.assert(
      fc.property(fc.nat(signed.wire.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(signed.wire);
        changed[at] = (changed[at] as number) ^ flip;
        // An error without a valid signature passes as a refusal and nothing more.
        let rcode: number;
        try {
          rcode = verify(changed, key, signed.mac, NOW).rcode;
        } catch (error) {
          expect((error as { code: string }).code).toMatch(/^Dns(BadSig|BadKey|BadTime|Malformed)$/);
          return;
        }
        expect(rcode).not.toBe(0);
      }),
    );
  });
});
