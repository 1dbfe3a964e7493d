import { ChangeResourceRecordSetsCommand, type Route53Client } from '@aws-sdk/client-route-53';
import { inLanes } from '../../async/lanes.ts';
import { sameJson } from '../../domain/json.ts';
import { DnsError } from '../../ports/dnsProvider.ts';
import { isInvalidBatch, reasonsOf, throwDnsError } from './errors.ts';
import { batches, changesOf, readSet, type TxtSet } from './recordSets.ts';

/** What a change does to the set at each of its names. `guess`: what most likely stands there, so that nothing need be read. */
export interface Edit {
  readonly fqdn: string;
  readonly guess: TxtSet;
  readonly apply: (standing: TxtSet) => TxtSet;
}

/** Reads after which others are still faster. Each of them took at least two requests. */
const TRIES = 6;
const LANES = 4;

/**
 * Changes the sets of one zone by one request. When Route 53 says that a set is another than was thought, the names that it complains of
 * are read and the change is made anew.
 * @param pause waits before the next try, so that two writers do not meet again
 * @returns the id of the change that holds each name; names where nothing was to be done are left out
 * @throws DnsError `DnsConflict` when others were always first, `CnameInTheWay`, `DnsNotZone`, and as {@link throwDnsError}
 */
export async function changeZone(
  client: Route53Client,
  zone: string,
  edits: readonly Edit[],
  pause: (attempt: number) => Promise<void>,
): Promise<Map<string, string>> {
  const standing = new Map(edits.map(({ fqdn, guess }) => [fqdn, guess]));
  const changed = new Map<string, string>();
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const open = edits.filter(({ fqdn }) => !changed.has(fqdn));
    const error = await submit(client, zone, open, standing, changed);
    if (!error) return changed;
    throwLasting(error, open);
    if (!(await readAgain(client, zone, named(open, error), standing)) && attempt > 1) {
      // Nothing is other than was thought: it is the change itself that cannot be made.
      throwDnsError(error, `the change of ${open.map(({ fqdn }) => fqdn).join(', ')}`);
    }
    await pause(attempt);
  }
  throw new DnsError('DnsConflict', `others change the same TXT records in zone ${zone} all the time`, true);
}

/** @returns the InvalidChangeBatch, if it was one */
async function submit(
  client: Route53Client,
  zone: string,
  edits: readonly Edit[],
  standing: ReadonlyMap<string, TxtSet>,
  changed: Map<string, string>,
): Promise<Error | undefined> {
  const byName = edits.map(({ fqdn, apply }) => changesOf(fqdn, standing.get(fqdn)!, apply(standing.get(fqdn)!)));
  for (const Changes of batches(byName)) {
    const ChangeBatch = { Changes, Comment: 'Chancery: dns-01' };
    try {
      const answer = await client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zone, ChangeBatch }));
      const id = answer.ChangeInfo!.Id!.replace('/change/', '');
      for (const { ResourceRecordSet } of Changes) changed.set(ResourceRecordSet!.Name!.slice(0, -1), id);
    } catch (error) {
      if (isInvalidBatch(error)) return error;
      throwDnsError(error, `to change zone ${zone}`);
    }
  }
  return undefined;
}

/** What reading again does not cure. */
function throwLasting(error: Error, edits: readonly Edit[]): void {
  const reasons = reasonsOf(error);
  const names = named(edits, error)
    .map(({ fqdn }) => fqdn)
    .join(', ');
  if (/conflicting RRSet of type CNAME/i.test(reasons)) {
    const remedy = 'set cnameStrategy: Follow on the solver, or remove the CNAME';
    throw new DnsError(
      'CnameInTheWay',
      `a CNAME stands at ${names}: no TXT record can stand beside it; ${remedy}`,
      false,
    );
  }
  if (/not permitted in zone/i.test(reasons)) throw new DnsError('DnsNotZone', reasons, false);
}

/** The edits whose names Route 53 complains of; all when it names none. */
function named(edits: readonly Edit[], error: Error): readonly Edit[] {
  const reasons = reasonsOf(error);
  const found = edits.filter(({ fqdn }) =>
    reasons.split(/[\s'"[\],=]+/).some((word) => word.replace(/\.$/, '') === fqdn),
  );
  return found.length > 0 ? found : edits;
}

/** @returns whether something stands there that was not known */
async function readAgain(
  client: Route53Client,
  zone: string,
  edits: readonly Edit[],
  standing: Map<string, TxtSet>,
): Promise<boolean> {
  const news = await inLanes(
    edits,
    async ({ fqdn }) => {
      const found = await readSet(client, zone, fqdn);
      const known = sameJson(found, standing.get(fqdn));
      standing.set(fqdn, found);
      return !known;
    },
    LANES,
  );
  return news.includes(true);
}
