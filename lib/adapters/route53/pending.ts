import { GetChangeCommand, type Route53Client } from '@aws-sdk/client-route-53';
import type { Route53Spec } from '../../domain/spec.ts';
import type { TxtValue } from '../../ports/dnsProvider.ts';
import { isUnknownChange, throwDnsError } from './errors.ts';

/** Whether every authoritative server has a change yet; `unknown` when this process did not make it, or it is long ago. */
export type Spread = 'pending' | 'inSync' | 'unknown';

/** Values whose changes are kept in mind; an order has at most two hundred. */
const KEPT = 5000;

/** Milliseconds between two questions about a change: it takes half a minute, and an account has 10 requests a second in all. */
const ASK_EVERY = 500;

interface Change {
  readonly id: string;
  spread: Spread;
  askedAt: number;
}

/** The changes that put values there, as far as this process made them. */
export class PendingChanges {
  readonly #now: () => number;
  /** By value; the oldest first. */
  readonly #changes = new Map<string, Change>();

  /** @param now milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** These values came by one change. */
  remember(spec: Route53Spec, values: readonly TxtValue[], id: string): void {
    const change: Change = { id, spread: 'pending', askedAt: Number.NEGATIVE_INFINITY };
    for (const value of values) {
      const key = keyOf(spec, value);
      this.#changes.delete(key);
      this.#changes.set(key, change);
    }
    for (const key of this.#changes.keys()) {
      if (this.#changes.size <= KEPT) break;
      this.#changes.delete(key);
    }
  }

  forget(spec: Route53Spec, values: readonly TxtValue[]): void {
    for (const value of values) this.#changes.delete(keyOf(spec, value));
  }

  /** Asks for each change once, whatever the number of its values, and not again at once. @throws DnsError */
  async spread(client: Route53Client, spec: Route53Spec, values: readonly TxtValue[]): Promise<Spread[]> {
    const changes = values.map((value) => this.#changes.get(keyOf(spec, value)));
    for (const change of new Set(changes)) {
      if (change?.spread !== 'pending' || this.#now() - change.askedAt < ASK_EVERY) continue;
      change.askedAt = this.#now();
      change.spread = await spreadOf(client, change.id);
    }
    return changes.map((change) => change?.spread ?? 'unknown');
  }
}

const keyOf = (spec: Route53Spec, { fqdn, value }: TxtValue): string => JSON.stringify([spec, fqdn, value]);

async function spreadOf(client: Route53Client, id: string): Promise<Spread> {
  try {
    const { ChangeInfo } = await client.send(new GetChangeCommand({ Id: id }));
    return ChangeInfo?.Status === 'INSYNC' ? 'inSync' : 'pending';
  } catch (error) {
    if (isUnknownChange(error)) return 'unknown';
    throwDnsError(error, `to look at change ${id}`);
  }
}
