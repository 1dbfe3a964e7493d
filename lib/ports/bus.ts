import type { Instant } from '../domain/time.ts';

/** What is told to the world outside. Further members depend on `type`; docs/bus.md has them. No secret is among them. */
export interface BusEvent {
  /** The same for the same fact, however often it is published. */
  readonly id: string;
  readonly type: string;
  readonly at: Instant;
  readonly team: string;
  /** The certificate that it is about. */
  readonly name: string;
}

/** A receiver that says of an event that it will never take it: to try again is of no use. */
export class EventRefused extends Error {
  override readonly name = 'EventRefused';
}

/**
 * Tells events to whoever listens. Contract:
 * - `publish` resolves when the bus has every event, in the order given where the bus keeps one.
 * - it throws when one of them may be missing, and is then called again with all: a listener may get an event twice and knows it by its id.
 * - ThrottledError: the bus asked for a slower pace. EventRefused: it does not take such an event.
 */
export interface Bus {
  publish(events: readonly BusEvent[]): Promise<void>;
}
