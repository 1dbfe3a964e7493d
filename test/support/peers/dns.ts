import { randomBytes } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { runCommand } from '../commands.ts';
import type { RunningProcess } from '../processes.ts';
import { findProgram } from './paths.ts';

/** A zone that a test name server is primary for. */
export interface TestZone {
  /** Without trailing dot, such as `example.test`. */
  readonly name: string;
  /** Further records, as lines of a zone file relative to the zone. */
  readonly records?: readonly string[];
  /** Whether the TSIG key may change it; true when absent. */
  readonly allowUpdate?: boolean;
  /** Whether the apex and every name below have the address 127.0.0.1; true when absent. */
  readonly wildcard?: boolean;
}

/** What a test may choose about its name server. */
export interface NameServerOptions {
  /** A plain name stands for a zone with the defaults; `example.test` when absent. */
  readonly zones?: readonly (string | TestZone)[];
  readonly tsigName?: string;
  /** Base64; made at random when absent. */
  readonly tsigSecret?: string;
}

/** A running authoritative name server. */
export interface NameServer extends RunningProcess {
  /** `127.0.0.1:port`, for UDP and TCP. */
  readonly address: string;
  readonly port: number;
  /** Key that may update the zones, HMAC-SHA256. */
  readonly tsigName: string;
  readonly tsigSecret: string;
  /** Values at a name: a TXT record as one string with its parts joined, others as Node writes them; nothing there is []. */
  query(name: string, type: 'TXT' | 'A' | 'AAAA' | 'CNAME' | 'NS' | 'CAA'): Promise<string[]>;
  /** Sends a dynamic update with the key; `commands` are nsupdate's, such as `add a.example.test 1 TXT "x"`. Throws when refused. */
  update(commands: readonly string[]): Promise<void>;
}

export const newTsigSecret = (): string => randomBytes(32).toString('base64');

/** Fills in what the options leave open. */
export function completeZones(zones: NameServerOptions['zones'] = ['example.test']): Required<TestZone>[] {
  return zones.map((zone) => ({
    records: [],
    allowUpdate: true,
    wildcard: true,
    ...(typeof zone === 'string' ? { name: zone } : zone),
  }));
}

/** The zone as a file. TTLs are short, so that a record that a test changed is not remembered by anyone. */
export function zoneFile(zone: Required<TestZone>): string {
  return [
    '$TTL 1',
    `$ORIGIN ${zone.name}.`,
    `@ SOA ns hostmaster 1 3600 600 86400 1`,
    '@ NS ns',
    'ns A 127.0.0.1',
    ...(zone.wildcard ? ['@ A 127.0.0.1', '* A 127.0.0.1'] : []),
    ...zone.records,
    '',
  ].join('\n');
}

/** Asks the server on this port directly. A new resolver each time: an old one may remember. */
export async function query(port: number, name: string, type: Parameters<NameServer['query']>[1]): Promise<string[]> {
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  resolver.setServers([`127.0.0.1:${port}`]);
  try {
    const found = (await resolver.resolve(name, type)) as unknown[];
    return found.map((value) => {
      if (Array.isArray(value)) return value.join('');
      return typeof value === 'string' ? value : JSON.stringify(value);
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENODATA' || code === 'ENOTFOUND') return [];
    throw error;
  }
}

/** Sends an update through BIND's own client. */
export async function nsupdate(
  port: number,
  key: { tsigName: string; tsigSecret: string },
  commands: readonly string[],
): Promise<void> {
  const script = [
    `server 127.0.0.1 ${port}`,
    `key hmac-sha256:${key.tsigName} ${key.tsigSecret}`,
    ...commands,
    'send',
    '',
  ].join('\n');
  const { code, stderr } = await runCommand(findProgram('nsupdate') ?? 'nsupdate', [], script);
  if (code !== 0) throw new Error(`nsupdate ended with ${code}: ${stderr}`);
}
