import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ipInRange, normalizeIp, parseIp, parseIpRange } from '../../lib/domain/ip.ts';

describe('an IP address has one form', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:DB8:0:0:0:0:0:7', '2001:db8::7'],
    ['::', '::'],
    ['2001:db8::0:1:0:0', '2001:db8::1:0:0'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
  ])('%s is %s', (text, normal) => {
    expect(parseIp(text)).toBe(normal);
  });

  test.each([
    '',
    '192.0.2',
    '192.0.2.07',
    '192.0.2.256',
    '0x7f.1',
    '2001:db8::7%eth0',
    '[::1]',
    '::1/128',
    ':::',
    'a.b',
  ])('%j is none', (text) => {
    expect(parseIp(text)).toBeUndefined();
    expect(() => normalizeIp(text, 'spec.ipAddresses[0]')).toThrow(expect.objectContaining({ code: 'InvalidIp' }));
  });

  test('every address of either family is taken, and its form stays', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const normal = parseIp(text)!;
        expect(isIP(normal)).not.toBe(0);
        expect(parseIp(normal)).toBe(normal);
      }),
    );
  });
});

describe('a block of addresses', () => {
  test('holds what the runtime says it holds', () => {
    const v4 = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.ipV4());
    const v6 = fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 }), fc.ipV6());
    fc.assert(
      fc.property(fc.oneof(v4, v6), ([network, prefix, ip]) => {
        const [address, base] = [parseIp(ip)!, parseIp(network)!];
        // Mapped addresses change family; they have a table of their own above.
        fc.pre(isIP(address) === isIP(ip) && isIP(base) === isIP(network));
        const list = new BlockList();
        const family = isIP(base) === 4 ? 'ipv4' : 'ipv6';
        list.addSubnet(base, prefix, family);
        expect(ipInRange(address, parseIpRange(`${network}/${prefix}`)!)).toBe(list.check(address, family));
      }),
    );
  });

  test('of the other family holds nothing', () => {
    expect(ipInRange('192.0.2.7', parseIpRange('::/0')!)).toBe(false);
    expect(ipInRange('::1', parseIpRange('0.0.0.0/0')!)).toBe(false);
  });

  test.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'example.com/8', '::/129', '10.0.0.0/-1'])(
    '%s is none',
    (text) => {
      expect(parseIpRange(text)).toBeUndefined();
    },
  );
});
