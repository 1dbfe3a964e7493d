import type { DomainEvent } from '../domain/decider.ts';

type Upcaster = (event: DomainEvent & Readonly<Record<string, unknown>>) => DomainEvent;

/**
 * Old event shapes to today's, by event type. Events are storage: a shape is never changed in place, only translated here when it is read.
 * Every version ever written has a fixture in test/fixtures/events.
 */
const UPCASTERS: Readonly<Record<string, Upcaster>> = {};

/** The event in today's shape. */
export function upcast(event: DomainEvent): DomainEvent {
  const upcaster = UPCASTERS[event.type];
  return upcaster ? upcaster(event as DomainEvent & Record<string, unknown>) : event;
}
