import { BlockList, isIP } from 'node:net';
import { withoutZone } from './addresses.ts';

/** What an operator allows beyond the public internet. */
export interface AllowList {
  /** `host` as it was asked for (a name, or an address literal without brackets). */
  allows(host: string, address: string, port: number): boolean;
}

interface Entry {
  readonly host: string;
  readonly port: number | undefined;
}

const PORT = /^(.*):(\d{1,5})$/;

/** `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address. */
function hostEntry(text: string): Entry {
  if (isIP(text) === 6) return { host: text, port: undefined };
  const [, host = text, port] = PORT.exec(text) ?? [];
  return { host: host.replace(/^\[(.*)\]$/, '$1').toLowerCase(), port: port === undefined ? undefined : Number(port) };
}

/** Adds `10.0.0.0/8` or `fd00::/8`; answers whether the text had that form. */
function addSubnet(nets: BlockList, text: string): boolean {
  const [net = '', prefix = ''] = text.split('/');
  const family = isIP(net);
  if (family === 0 || !/^\d{1,3}$/.test(prefix) || Number(prefix) > (family === 4 ? 32 : 128)) return false;
  nets.addSubnet(net, Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
  return true;
}

/**
 * Reads an operator's list: `host`, `host:port`, an address, a CIDR block, or `*` for all. A name entry allows whatever
 * the name resolves to.
 * @throws Error naming the entry that has none of these forms
 */
export function allowList(entries: readonly string[]): AllowList {
  if (entries.includes('*')) return { allows: () => true };
  const nets = new BlockList();
  const hosts: Entry[] = [];
  for (const text of entries) {
    if (addSubnet(nets, text)) continue;
    const entry = hostEntry(text);
    if (entry.host === '' || /[/\s]/.test(entry.host) || (entry.port ?? 0) > 65_535) {
      throw new Error(`"${text}" is not a host, host:port, address, CIDR block or *`);
    }
    hosts.push(entry);
  }
  return {
    allows: (host, address, port) =>
      hosts.some(
        (entry) => (entry.host === host || entry.host === address) && (entry.port === undefined || entry.port === port),
      ) || nets.check(withoutZone(address), isIP(address) === 6 ? 'ipv6' : 'ipv4'),
  };
}
