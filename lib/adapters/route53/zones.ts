import { GetHostedZoneCommand, ListHostedZonesCommand, type Route53Client } from '@aws-sdk/client-route-53';
import type { Route53Spec } from '../../domain/spec.ts';
import { DnsError } from '../../ports/dnsProvider.ts';
import { isWithin, normalName } from '../dns/name.ts';
import { throwDnsError } from './errors.ts';

/** A public hosted zone. Its name has no trailing dot. */
export interface Zone {
  readonly id: string;
  readonly name: string;
}

/** Milliseconds that an account's list of zones is taken for true. */
const KEPT = 60_000;

/** The zones of each client's account. */
export class Zones {
  readonly #now: () => number;
  readonly #lists = new WeakMap<Route53Client, { readonly at: number; readonly zones: Promise<readonly Zone[]> }>();

  /** @param now milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * The id of the zone to write to: the one that the solver names, otherwise the public zone with the longest name that holds `fqdn`.
   * @throws DnsError `DnsNotZone`, `DnsZoneAmbiguous`
   */
  async idFor(client: Route53Client, { hostedZoneID }: Route53Spec, fqdn: string): Promise<string> {
    return hostedZoneID ?? (await this.#longest(client, fqdn)).id;
  }

  /** Whether the solver may write at `fqdn`. @throws DnsError as {@link idFor}, also when the zone that the solver names does not hold it */
  async check(client: Route53Client, { hostedZoneID }: Route53Spec, fqdn: string): Promise<void> {
    if (!hostedZoneID) {
      await this.#longest(client, fqdn);
      return;
    }
    const found = await client
      .send(new GetHostedZoneCommand({ Id: hostedZoneID }))
      .catch((error: unknown) => throwDnsError(error, `to look at zone ${hostedZoneID}`));
    const name = normalName(found.HostedZone?.Name ?? '');
    if (!isWithin(fqdn, name)) throw notZone(`zone ${hostedZoneID} (${name}) does not hold ${fqdn}`);
  }

  async #longest(client: Route53Client, fqdn: string): Promise<Zone> {
    const kept = this.#lists.get(client);
    const fresh = kept !== undefined && this.#now() - kept.at < KEPT;
    const zones = fresh ? await kept.zones : await this.#list(client);
    const found = longest(zones, fqdn);
    if (found) return found;
    // The zone may have been made since.
    const again = fresh ? longest(await this.#list(client), fqdn) : undefined;
    if (again) return again;
    throw notZone(`the account has no public hosted zone that holds ${fqdn}`);
  }

  #list(client: Route53Client): Promise<readonly Zone[]> {
    const zones = listZones(client).catch((error: unknown) => throwDnsError(error, 'to list the hosted zones'));
    this.#lists.set(client, { at: this.#now(), zones });
    zones.catch(() => this.#lists.delete(client));
    return zones;
  }
}

function longest(zones: readonly Zone[], fqdn: string): Zone | undefined {
  const holding = zones.filter(({ name }) => isWithin(fqdn, name)).sort((a, b) => b.name.length - a.name.length);
  const [first, second] = holding;
  if (first && second?.name === first.name) {
    const ids = holding.filter(({ name }) => name === first.name).map(({ id }) => id);
    const what = `the account has several public zones ${first.name} (${ids.join(', ')})`;
    throw new DnsError('DnsZoneAmbiguous', `${what}: name the one that is delegated to as hostedZoneID`, false);
  }
  return first;
}

async function listZones(client: Route53Client): Promise<Zone[]> {
  const zones: Zone[] = [];
  for (let Marker: string | undefined; ; ) {
    const page = await client.send(new ListHostedZonesCommand({ Marker }));
    for (const { Id, Name, Config } of page.HostedZones ?? []) {
      // A private zone answers inside VPCs alone: no CA sees it.
      if (!Config?.PrivateZone) zones.push({ id: Id!.replace('/hostedzone/', ''), name: normalName(Name!) });
    }
    if (!page.IsTruncated || !page.NextMarker) return zones;
    Marker = page.NextMarker;
  }
}

const notZone = (message: string): DnsError => new DnsError('DnsNotZone', message, false);
