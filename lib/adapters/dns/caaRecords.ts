import { Resolver } from 'node:dns/promises';
import { type CaaRecord, caaNames } from '../../domain/caa.ts';
import type { CaaRecords } from '../../ports/caaRecords.ts';
import { orNothing } from './resolver.ts';

/**
 * CAA records by the system's recursive resolver, or the one at `servers`.
 * @param servers `address` or `address:port`
 * @param timeout milliseconds for one try; there are two
 */
export function caaRecords(servers: readonly string[] | undefined, timeout: number): CaaRecords {
  const resolver = new Resolver({ timeout, tries: 2 });
  if (servers) resolver.setServers(servers);
  return {
    relevant: async (dnsName) => {
      for (const name of caaNames(dnsName)) {
        const found = await orNothing(resolver.resolveCaa(name), name);
        if (found.length > 0) return found.flatMap(recordsOf);
      }
      return [];
    },
  };
}

/** node:dns gives a record as `{critical, [tag]: value}`; 128 is the flag's bit (RFC 8659 4.1). */
function recordsOf({ critical, type: _, ...rest }: { critical: number; type?: string }): CaaRecord[] {
  return Object.entries(rest).map(([tag, value]) => ({ critical: (critical & 128) !== 0, tag, value: String(value) }));
}
