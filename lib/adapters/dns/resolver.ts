import { Resolver } from 'node:dns/promises';
import { DnsError } from '../../ports/dnsProvider.ts';
import { normalName, parentName } from './name.ts';

/** What the recursive resolver is asked for. Names come back normal. */
export interface RecursiveResolver {
  /** @returns undefined when no CNAME stands at the name. @throws DnsError */
  cname(name: string): Promise<string | undefined>;
  /** Hosts of the zone that holds the name, found by walking up. @throws DnsError `DnsNotZone` when there is none */
  nameServersOf(name: string): Promise<readonly string[]>;
}

/**
 * The system's resolver, or the one at `servers`.
 * @param servers `address` or `address:port`; the system's when absent
 * @param timeout milliseconds for one try; there are two
 */
export function recursiveResolver(servers: readonly string[] | undefined, timeout: number): RecursiveResolver {
  const resolver = new Resolver({ timeout, tries: 2 });
  if (servers) resolver.setServers(servers);
  const nsOf = async (name: string) => (await orNothing(resolver.resolveNs(name), name)).map(normalName);
  return {
    cname: async (name) => (await orNothing(resolver.resolveCname(name), name)).map(normalName)[0],
    nameServersOf: async (fqdn) => {
      for (let name: string | undefined = fqdn; name; name = parentName(name)) {
        const hosts = await nsOf(name);
        if (hosts.length > 0) return hosts;
      }
      throw new DnsError('DnsNotZone', `no zone holds ${fqdn}: no parent of it has NS records`, true);
    },
  };
}

/** node:dns codes: [our code, what it means]. All may pass. */
const FAILURES: Readonly<Record<string, readonly [string, string]>> = {
  ETIMEOUT: ['DnsTimeout', 'it did not answer in time'],
  ECONNREFUSED: ['DnsUnreachable', 'it cannot be reached'],
  ESERVFAIL: ['DnsServFail', 'it answered SERVFAIL'],
  EREFUSED: ['DnsRefused', 'it answered REFUSED'],
};

/** An answer of node:dns; empty when the name has no such records. @throws DnsError */
export async function orNothing<T>(answer: Promise<T[]>, name: string): Promise<T[]> {
  try {
    return await answer;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ENODATA' || code === 'ENOTFOUND') return [];
    const [ours, why] = FAILURES[code] ?? ['DnsServFail', `it failed with ${code}`];
    throw new DnsError(ours, `the resolver could not be asked about ${name}: ${why}`, true);
  }
}
