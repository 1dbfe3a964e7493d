import type { Instant } from './time.ts';

/** What every event has: its type is its name in storage and never changes. */
export interface DomainEvent {
  readonly type: string;
}

/**
 * How a stream is read: what whoever only reads it needs, without the rules that write it.
 *
 * - `evolveVersion`: raised when `evolve` or the state's shape changes; snapshots of another version are folded anew
 */
export interface Evolver<S, E extends DomainEvent> {
  readonly evolveVersion: number;
  readonly initialState: S;
  evolve(state: S, event: E, at: Instant): S;
}

/** Seconds that the fast path has for what is owed before it is due, and the scan takes it over. */
export const GRACE = 60;

/**
 * One stream's rules. `decide` and `evolve` are pure: time and ids come in with the command.
 *
 * - `category`: first segment of the stream's name
 * - `dueAt`: when the stream next owes work, if it does
 */
export interface Decider<C, S, E extends DomainEvent> extends Evolver<S, E> {
  readonly category: string;
  /** @throws Refusal when the command breaks a rule. No events: the command changes nothing. */
  decide(command: C, state: S, now: Instant): readonly E[];
  dueAt(state: S): Instant | undefined;
}

/** An event that this release does not know: the stream is parked until a newer release reads it. */
export class UnknownEvent extends Error {
  override readonly name = 'UnknownEvent';
  constructor(type: string) {
    super(`event ${type} is not known to this release`);
  }
}

/** Ends a `switch` over event types: the compiler proves it unreachable, storage may prove it wrong. */
export function unknownEvent(event: never): never {
  throw new UnknownEvent((event as DomainEvent).type);
}
