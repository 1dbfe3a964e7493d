import { BlockList, isIP } from 'node:net';

/** An address as a lookup answers it. */
export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** IPv4 blocks that are not the public internet: RFC 6890's registry, with multicast and the reserved top. */
const SPECIAL_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/**
 * Only 2000::/3 is global unicast (RFC 4291 2.4); inside it, protocol assignments, documentation and 6to4 are refused
 * too.
 */
const SPECIAL_V6: readonly (readonly [string, number])[] = [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const specialV4 = new BlockList();
for (const [net, prefix] of SPECIAL_V4) specialV4.addSubnet(net, prefix, 'ipv4');
const specialV6 = new BlockList();
for (const [net, prefix] of SPECIAL_V6) specialV6.addSubnet(net, prefix, 'ipv6');

/** RFC 6052's well-known prefix: a translator turns the last 32 bits into the IPv4 destination. */
const nat64 = new BlockList();
nat64.addSubnet('64:ff9b::', 96, 'ipv6');

/** The IPv4 address in the last 32 bits of an IPv6 address. */
function embeddedV4(address: string): string {
  const dotted = /(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  if (dotted) return dotted[1]!;
  const [high = '0', low = '0'] = address.replace('::', ':0:').split(':').slice(-2);
  const value = (Number.parseInt(high || '0', 16) << 16) | Number.parseInt(low || '0', 16);
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** Takes a zone (`%eth0`) off an IPv6 address. */
export const withoutZone = (address: string): string => address.replace(/%.*$/, '');

/**
 * Whether an address literal lies outside the public internet: private, loopback, link-local, shared (CGNAT),
 * multicast, unspecified, documentation, reserved, and every IPv6 form that hides an IPv4 address. Text that is no
 * address counts as special.
 */
export function isSpecialAddress(address: string): boolean {
  const plain = withoutZone(address);
  const family = isIP(plain);
  if (family === 4) return specialV4.check(plain, 'ipv4');
  if (family !== 6 || plain !== address) return true;
  if (nat64.check(plain, 'ipv6')) return specialV4.check(embeddedV4(plain), 'ipv4');
  return specialV6.check(plain, 'ipv6');
}
