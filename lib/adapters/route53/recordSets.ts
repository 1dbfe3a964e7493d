import {
  type Change,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  type Route53Client,
} from '@aws-sdk/client-route-53';
import { DnsError } from '../../ports/dnsProvider.ts';
import { normalName } from '../dns/name.ts';
import { throwDnsError } from './errors.ts';

/** The TXT records at a name: `values` as Route 53 writes them, in quotes. None is no set at all. */
export interface TxtSet {
  readonly ttl: number;
  readonly values: readonly string[];
}

/** Seconds; these records live for minutes, and a resolver must not keep a stale one. */
const TTL = 60;

export const NOTHING: TxtSet = { ttl: TTL, values: [] };

/** A value of dns-01 as Route 53 writes it. It is base64url (RFC 8555 8.4), so there is nothing to escape. */
export const quotedValue = (value: string): string => `"${value}"`;

/** The set with these values in it; each stands once. */
export const withValues = ({ ttl, values }: TxtSet, more: readonly string[]): TxtSet => ({
  ttl,
  values: [...new Set([...values, ...more])],
});

/** The set without these values. */
export const withoutValues = ({ ttl, values }: TxtSet, less: readonly string[]): TxtSet => ({
  ttl,
  values: values.filter((value) => !less.includes(value)),
});

const same = (a: TxtSet, b: TxtSet): boolean =>
  a.values.length === b.values.length && a.values.every((value) => b.values.includes(value));

/**
 * Compare and swap: what was read is deleted as it was read, and the new set created, in one batch. Route 53 refuses the batch when the set
 * is another one by now.
 */
export function changesOf(fqdn: string, before: TxtSet, after: TxtSet): Change[] {
  if (same(before, after)) return [];
  const changes: Change[] = [];
  if (before.values.length > 0) changes.push({ Action: 'DELETE', ResourceRecordSet: recordSet(fqdn, before) });
  if (after.values.length > 0) changes.push({ Action: 'CREATE', ResourceRecordSet: recordSet(fqdn, after) });
  return changes;
}

const recordSet = (fqdn: string, { ttl, values }: TxtSet): ResourceRecordSet => ({
  Name: `${fqdn}.`,
  Type: 'TXT',
  TTL: ttl,
  ResourceRecords: values.map((Value) => ({ Value })),
});

/** The set that stands at a name. @throws DnsError, also `DnsRefused` for a set with a routing policy, which is not one set but several */
export async function readSet(client: Route53Client, zone: string, fqdn: string): Promise<TxtSet> {
  const command = new ListResourceRecordSetsCommand({
    HostedZoneId: zone,
    StartRecordName: `${fqdn}.`,
    StartRecordType: 'TXT',
    MaxItems: 1,
  });
  const { ResourceRecordSets = [] } = await client
    .send(command)
    .catch((error: unknown) => throwDnsError(error, `to read ${fqdn}`));
  const [found] = ResourceRecordSets;
  if (found?.Type !== 'TXT' || normalName(found.Name ?? '') !== fqdn) return NOTHING;
  if (found.SetIdentifier !== undefined || found.AliasTarget) {
    const message = `the TXT records at ${fqdn} have a routing policy (${found.SetIdentifier}): remove it`;
    throw new DnsError('DnsRefused', message, false);
  }
  return { ttl: found.TTL ?? TTL, values: (found.ResourceRecords ?? []).map(({ Value }) => Value!) };
}

/** What one request takes: values, and characters in them. */
const MAX_VALUES = 1000;
const MAX_CHARACTERS = 32_000;

/** The changes of names as requests that Route 53 takes: nearly always one. The changes of one name stay together. */
export function batches(byName: readonly (readonly Change[])[]): Change[][] {
  const all: Change[][] = [];
  let room = { values: 0, characters: 0 };
  for (const changes of byName) {
    const values = changes.flatMap(({ ResourceRecordSet }) => ResourceRecordSet?.ResourceRecords ?? []);
    const size = { values: values.length, characters: values.reduce((sum, { Value }) => sum + Value!.length, 0) };
    if (changes.length === 0) continue;
    if (size.values > room.values || size.characters > room.characters) {
      all.push([]);
      room = { values: MAX_VALUES, characters: MAX_CHARACTERS };
    }
    all.at(-1)!.push(...changes);
    room = { values: room.values - size.values, characters: room.characters - size.characters };
  }
  return all;
}
