import type { Destination } from '../domain/destination.ts';
import type { Destinations } from '../ports/destinations.ts';

/** One {@link Destinations} over an adapter for each kind of destination. */
export function destinations(adapters: Readonly<Record<Destination['kind'], Destinations>>): Destinations {
  return {
    push: (to, contents, context) => adapters[to.kind].push(to, contents, context),
    observe: (to, context) => adapters[to.kind].observe(to, context),
    withdraw: (to, context) => adapters[to.kind].withdraw(to, context),
  };
}
