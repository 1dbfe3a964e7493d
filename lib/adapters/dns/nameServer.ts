import { randomInt } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { DnsError } from '../../ports/dnsProvider.ts';
import { type AddressGuard, NetError } from '../net/http.ts';
import type { NameServer } from './transport.ts';

const DNS_PORT = 53;

/**
 * Reads `host`, `host:port`, `[v6]` or `[v6]:port`; the port is 53 when none is named.
 * @throws DnsError `DnsUnreachable` when the text is none of these
 */
export function parseNameServer(text: string): { host: string; port: number } {
  if (isIPv6(text)) return { host: text, port: DNS_PORT };
  const parts = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:[\]\s]+))(?::(?<port>\d{1,5}))?$/.exec(text)?.groups;
  const port = Number(parts?.port ?? DNS_PORT);
  const host = parts?.v6 ?? parts?.host;
  if (!host || (parts?.v6 && !isIPv6(parts.v6)) || port < 1 || port > 65_535)
    throw new DnsError('DnsUnreachable', `${text} is not a name server: write host, host:port or [v6]:port`, false);
  return { host, port };
}

/** Finds and checks a server's address. @throws DnsError `AddressRefused` (policy) or `DnsUnreachable` (no such name) */
export async function findNameServer(guard: AddressGuard, text: string): Promise<NameServer> {
  const { host, port } = parseNameServer(text);
  try {
    return { label: text, port, ...(await guard.resolve(host, port)) };
  } catch (error) {
    if (!(error instanceof NetError)) throw error;
    const refused = error.code === 'AddressRefused';
    throw new DnsError(refused ? error.code : 'DnsUnreachable', `${text} cannot be asked: ${error.message}`, !refused);
  }
}

/** Message ids for one channel: random (RFC 5452 4.3), none twice. */
export function messageIds(): () => number {
  const used = new Set<number>();
  return () => {
    for (;;) {
      const id = randomInt(0x10000);
      if (used.has(id)) continue;
      used.add(id);
      return id;
    }
  };
}
