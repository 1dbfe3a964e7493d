import type { Destination } from '../domain/destination.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Destinations } from '../ports/destinations.ts';

/**
 * One {@link Destinations} over an adapter for each kind of destination that this installation serves.
 * Any other kind is refused: Refusal `DestinationKindNotServed`.
 */
export function destinations(adapters: Readonly<Partial<Record<Destination['kind'], Destinations>>>): Destinations {
  const adapterFor = ({ kind }: Destination): Destinations => {
    const adapter = adapters[kind];
    if (adapter) return adapter;
    throw new Refusal('DestinationKindNotServed', `this installation delivers to no destination of kind ${kind}`);
  };
  return {
    push: async (to, contents, context) => adapterFor(to).push(to, contents, context),
    observe: async (to, context, expected) => adapterFor(to).observe(to, context, expected),
    withdraw: async (to, context) => adapterFor(to).withdraw(to, context),
  };
}
