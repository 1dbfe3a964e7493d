import { GetChangeCommand, type Route53Client } from '@aws-sdk/client-route-53';
import type { Route53Spec } from '../../domain/spec.ts';
import type { TxtValue } from '../../ports/dnsProvider.ts';
import { isUnknownChange, throwDnsError } from './errors.ts';

/** Whether every authoritative server has a change yet; `unknown` when this process did not make it, or it is long ago. */
export type Spread = 'pending' | 'inSync' | 'unknown';

/** Values whose changes are kept in mind; an order has at most two hundred. */
const KEPT = 5000;

/** The changes that put values there, as far as this process made them. */
export class PendingChanges {
  /** The oldest first. */
  readonly #changes = new Map<string, { readonly id: string; readonly inSync: boolean }>();

  remember(spec: Route53Spec, value: TxtValue, id: string): void {
    const key = keyOf(spec, value);
    this.#changes.delete(key);
    this.#changes.set(key, { id, inSync: false });
    if (this.#changes.size > KEPT) this.#changes.delete(this.#changes.keys().next().value!);
  }

  forget(spec: Route53Spec, value: TxtValue): void {
    this.#changes.delete(keyOf(spec, value));
  }

  /** Asks for each change once, whatever the number of its values. @throws DnsError */
  async spread(client: Route53Client, spec: Route53Spec, values: readonly TxtValue[]): Promise<Spread[]> {
    const open = values
      .map((value) => this.#changes.get(keyOf(spec, value)))
      .filter((change) => change?.inSync === false);
    const asked = new Map<string, Spread>();
    for (const id of new Set(open.map((change) => change!.id))) asked.set(id, await statusOf(client, id));
    return values.map((value) => {
      const key = keyOf(spec, value);
      const change = this.#changes.get(key);
      if (!change) return 'unknown';
      const spread = change.inSync ? 'inSync' : (asked.get(change.id) ?? 'unknown');
      if (spread === 'inSync') this.#changes.set(key, { id: change.id, inSync: true });
      if (spread === 'unknown') this.#changes.delete(key);
      return spread;
    });
  }
}

const keyOf = (spec: Route53Spec, { fqdn, value }: TxtValue): string => JSON.stringify([spec, fqdn, value]);

async function statusOf(client: Route53Client, id: string): Promise<Spread> {
  try {
    const { ChangeInfo } = await client.send(new GetChangeCommand({ Id: id }));
    return ChangeInfo?.Status === 'INSYNC' ? 'inSync' : 'pending';
  } catch (error) {
    if (isUnknownChange(error)) return 'unknown';
    throwDnsError(error, `to look at change ${id}`);
  }
}
