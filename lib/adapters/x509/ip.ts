import { parseIp } from '../../domain/ip.ts';

/** Octets of an IP address (4 or 16) as a SAN carries them, or undefined when the text is none. */
export function ipOctets(address: string): Buffer | undefined {
  const normal = parseIp(address);
  if (normal === undefined) return undefined;
  if (!normal.includes(':')) return Buffer.from(normal.split('.').map(Number));
  const out = Buffer.alloc(16);
  const [left = '', right = ''] = normal.split('::');
  writeGroups(left, out);
  const tail = groups(right);
  writeGroups(right, out.subarray(16 - 2 * tail.length));
  return out;
}

const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));

function writeGroups(part: string, out: Buffer): void {
  for (const [i, group] of groups(part).entries()) out.writeUInt16BE(Number.parseInt(group, 16), 2 * i);
}

/** The address in its normal form, or undefined for octets of another length. */
export function ipText(octets: Buffer): string | undefined {
  if (octets.length === 4) return octets.join('.');
  if (octets.length !== 16) return undefined;
  return parseIp(Array.from({ length: 8 }, (_, i) => octets.readUInt16BE(2 * i).toString(16)).join(':'));
}
