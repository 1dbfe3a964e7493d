import type { Route53Client } from '@aws-sdk/client-route-53';
import { turns } from '../../async/turns.ts';
import { externalIdOf } from '../../domain/externalId.ts';
import type { Route53Spec } from '../../domain/spec.ts';
import { type Dns01Target, DnsError, type DnsProvider, type TxtValue } from '../../ports/dnsProvider.ts';
import { outsideSolver } from '../dns/delegation.ts';
import type { AwsPlace } from '../sts/assumedRole.ts';
import { changeZone, type Edit } from './change.ts';
import { PendingChanges } from './pending.ts';
import { NOTHING, quotedValue, readSet, type TxtSet, withoutValues, withValues } from './recordSets.ts';
import { Zones } from './zones.ts';

export interface Route53Options {
  readonly client: (place: AwsPlace) => Route53Client;
  /** What DNS itself answers: follows CNAMEs, and asks the authoritative servers about values of which no change is known. */
  readonly dns: Pick<DnsProvider, 'target' | 'missing'>;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** In [0, 1), for jitter. */
  readonly random?: () => number;
}

/** The longest pause before the second try of a change, in milliseconds; the third waits up to twice as long, and so on. */
const PAUSE = 100;

/**
 * TXT records in Amazon Route 53. The values of an order are one change a zone, by compare and swap (see {@link changesOf}): what is
 * expected to stand there is not read before, since nothing nearly always stands there. A value counts as missing until Route 53 says that
 * all its servers have the change (GetChange: INSYNC); after a restart, until they answer with it.
 */
export function route53DnsProvider(options: Route53Options): DnsProvider {
  const { dns, now = Date.now, random = Math.random } = options;
  const zones = new Zones(now);
  const pending = new PendingChanges(now);
  // Route 53 makes one change of a zone at a time.
  const inTurn = turns();
  const pause = (attempt: number) => new Promise<void>((resolve) => setTimeout(resolve, random() * PAUSE * attempt));

  const open = ({ owner, spec }: Dns01Target): { spec: Route53Spec; client: Route53Client } => {
    if (!spec.route53) throw new DnsError('SolverIncomplete', 'the dns01 solver has no route53', false);
    const { region, role } = spec.route53;
    const place = role ? { region, roleArn: role, externalId: externalIdOf(owner) } : { region };
    return { spec: spec.route53, client: options.client(place) };
  };

  /** One change a zone, all zones at once. */
  const change = async (to: Dns01Target, values: readonly TxtValue[], edit: (of: ByName) => Edit): Promise<void> => {
    const { spec, client } = open(to);
    const byZone = new Map<string, ByName[]>();
    for (const one of byName(values)) {
      const zone = await zones.idFor(client, spec, one.fqdn);
      byZone.set(zone, [...(byZone.get(zone) ?? []), one]);
    }
    await Promise.all(
      [...byZone].map(async ([zone, names]) => {
        const ids = await inTurn(zone, () => changeZone(client, zone, names.map(edit), pause));
        for (const id of new Set(ids.values())) {
          const changed = values.filter(({ fqdn }) => ids.get(fqdn) === id);
          pending.remember(spec, changed, id);
        }
      }),
    );
  };

  return {
    async target(to, fqdn) {
      const { spec, client } = open(to);
      const end = await dns.target(to, fqdn);
      if (end === fqdn) return end;
      // Whoever may set the CNAME must not choose where we write: only the zones of the solver are followed into.
      await zones.check(client, spec, end).catch((error: unknown) => {
        const outside = error instanceof DnsError && error.code === 'DnsNotZone';
        throw outside ? outsideSolver(fqdn, end, 'Route 53', error) : error;
      });
      return end;
    },

    present: (to, values) => change(to, values, ({ fqdn, texts }) => adding(fqdn, texts)),

    async cleanUp(to, values) {
      const { spec } = open(to);
      await change(to, values, ({ fqdn, texts }) => removing(fqdn, texts)).finally(() => pending.forget(spec, values));
    },

    async missing(to, values) {
      const { spec, client } = open(to);
      const spread = await pending.spread(client, spec, values);
      const unknown = values.filter((_, index) => spread[index] === 'unknown');
      const lost = unknown.length > 0 ? await notShown(to, unknown) : [];
      return values.filter((value, index) => spread[index] === 'pending' || lost.includes(value));
    },
  };

  /** Of values of which no change is known: those that do not stand in the zone, and those that a server does not answer with. */
  async function notShown(to: Dns01Target, values: readonly TxtValue[]): Promise<TxtValue[]> {
    const { spec, client } = open(to);
    const standing = new Map<string, TxtSet>();
    for (const { fqdn } of byName(values)) {
      standing.set(fqdn, await readSet(client, await zones.idFor(client, spec, fqdn), fqdn));
    }
    const stands = ({ fqdn, value }: TxtValue) => standing.get(fqdn)!.values.includes(quotedValue(value));
    const lagging = await dns.missing(to, values.filter(stands));
    return values.filter((value) => !stands(value) || lagging.includes(value));
  }
}

/** The values of one name, as Route 53 writes them. */
interface ByName {
  readonly fqdn: string;
  readonly texts: readonly string[];
}

function byName(values: readonly TxtValue[]): ByName[] {
  const groups = Map.groupBy(values, ({ fqdn }) => fqdn);
  return [...groups].map(([fqdn, all]) => ({ fqdn, texts: [...new Set(all.map(({ value }) => quotedValue(value)))] }));
}

/** Nothing stands at a challenge's name before its order comes. */
const adding = (fqdn: string, texts: readonly string[]): Edit => ({
  fqdn,
  guess: NOTHING,
  apply: (standing) => withValues(standing, texts),
});

/** Nothing but our own values stands there when the order goes. */
const removing = (fqdn: string, texts: readonly string[]): Edit => ({
  fqdn,
  guess: withValues(NOTHING, texts),
  apply: (standing) => withoutValues(standing, texts),
});
