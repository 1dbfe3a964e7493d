import { quoted } from './quoted.ts';
import { Refusal } from './refusal.ts';

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const IPV6_CHARACTERS = /^[0-9a-f:.]{2,45}$/i;

/**
 * An IP address in its one normal form: dotted decimal, or IPv6 as RFC 5952 writes it. An IPv4-mapped IPv6 address is its IPv4 address.
 * @returns undefined when the text is no IP address
 */
export function parseIp(text: string): string | undefined {
  if (IPV4.test(text)) return text;
  if (!text.includes(':') || !IPV6_CHARACTERS.test(text) || !URL.canParse(`http://[${text}]/`)) return undefined;
  const normal = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(normal);
  if (!mapped) return normal;
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/**
 * An address of `ipAddresses`, normal.
 * @throws Refusal `InvalidIp`
 */
export function normalizeIp(text: string, field: string): string {
  const normal = parseIp(text);
  if (normal !== undefined) return normal;
  throw new Refusal('InvalidIp', `${quoted(text)} is not an IP address`, {
    field,
    remedy: 'write an IPv4 or IPv6 address without prefix length, zone or brackets; put names into dnsNames',
  });
}

/** A block of addresses as its first address's bits, its prefix length and its family. */
interface IpRange {
  readonly bits: string;
  readonly prefix: number;
  readonly family: 4 | 6;
}

const familyOf = (normal: string): 4 | 6 => (normal.includes(':') ? 6 : 4);

/** The address's bits as a text of 0 and 1: 32 or 128 of them. `normal` is what {@link parseIp} answered. */
function bitsOf(normal: string): string {
  if (familyOf(normal) === 4)
    return normal
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('');
  const [head = '', tail] = normal.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  return [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail ?? '')]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'))
    .join('');
}

/** A CIDR block (`10.0.0.0/8`) or a single address. @returns undefined when the text is neither */
export function parseIpRange(text: string): IpRange | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const normal = parseIp(address);
  if (normal === undefined || rest.length > 0) return undefined;
  const family = familyOf(normal);
  const most = family === 4 ? 32 : 128;
  if (length !== undefined && !(/^\d{1,3}$/.test(length) && Number(length) <= most)) return undefined;
  return { bits: bitsOf(normal), prefix: length === undefined ? most : Number(length), family };
}

/** Whether `ip`, normal, lies in the block. */
export const ipInRange = (ip: string, range: IpRange): boolean =>
  familyOf(ip) === range.family && bitsOf(ip).startsWith(range.bits.slice(0, range.prefix));
