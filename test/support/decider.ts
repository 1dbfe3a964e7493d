import fc from 'fast-check';
import { expect } from 'vitest';
import { writesOf } from '../../docs/eventCatalogue.ts';
import type { Decider, DomainEvent } from '../../lib/domain/decider.ts';
import { Refusal } from '../../lib/domain/refusal.ts';
import { type Instant, later, plusSeconds } from '../../lib/domain/time.ts';

/** When everything that is given happened, and when a command arrives that names no time. */
export const START: Instant = '2026-01-31T12:00:00.000Z';

/** `START` moved by seconds. */
export const plus = (seconds: number, from = START): Instant => plusSeconds(from, seconds);

/** One stream's rules as sentences: `given(events).when(command).then(events)`, or `.refused(code)`. */
export function rulesOf<C, S, E extends DomainEvent>(decider: Decider<C, S, E>) {
  const fold = (state: S, events: readonly E[], at: Instant): S =>
    events.reduce((folded, event) => decider.evolve(folded, event, at), state);

  const situation = (state: S) => ({
    state,
    dueAt: decider.dueAt(state),
    /** What happened next. */
    and: (events: readonly E[], at = START) => situation(fold(state, events, at)),
    when(command: C, now = START) {
      return {
        // biome-ignore lint/suspicious/noThenProperty: the word of given, when, then; nobody awaits it
        then(...events: readonly E[]): void {
          expect(decider.decide(command, state, now)).toEqual(events);
        },
        refused(code: string): void {
          expect(() => decider.decide(command, state, now)).toThrow(expect.objectContaining({ name: 'Refusal', code }));
        },
        /** The situation that the command leads to. */
        next: () => situation(fold(state, decider.decide(command, state, now), now)),
      };
    },
  });
  return { given: (...events: readonly E[]) => situation(fold(decider.initialState, events, START)) };
}

/** A command and how far the clock went since the one before; clocks go back too. */
export interface Move<C> {
  readonly command: C;
  readonly seconds: number;
}

export const moves = <C>(command: fc.Arbitrary<C>): fc.Arbitrary<Move<C>[]> =>
  fc.array(
    fc.record({
      command,
      seconds: fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(0, 1, 61, 601, 3601, 90_000, 40 * 86_400) },
        { weight: 1, arbitrary: fc.constantFrom(-5, -86_400) },
      ),
    }),
    { maxLength: 40, size: 'max' },
  );

/**
 * Plays any commands and checks what must hold for every stream: the same command again yields no event, a state is JSON, folding step by
 * step through JSON gives the state of one fold, what is owed has its time, and the catalogue of events says who writes what.
 * @param owes whether a state owes anything
 */
export function checkAlways<C, S, E extends DomainEvent>(
  decider: Decider<C, S, E>,
  command: fc.Arbitrary<C>,
  owes: (state: S) => boolean,
  runs = 300,
): void {
  const seen = new Set<string>();
  const play = fc.property(moves(command), (sequence) => {
    let state = decider.initialState;
    let clock = START;
    let at = START;
    const history: { event: E; at: Instant }[] = [];
    for (const move of sequence) {
      clock = plusSeconds(clock, move.seconds);
      const events = attempt(() => decider.decide(move.command, state, clock));
      if (events === undefined) continue;
      at = later(clock, at);
      for (const event of json(events)) {
        seen.add(`${typeOf(move.command)} -> ${event.type}`);
        history.push({ event, at });
        state = json(decider.evolve(state, event, at));
      }
      expect(attempt(() => decider.decide(move.command, state, clock)) ?? [], 'the same command again').toEqual([]);
      if (owes(state)) expect(decider.dueAt(state), `due: ${JSON.stringify(state)}`).toBeDefined();
      else expect(decider.dueAt(state), `not due: ${JSON.stringify(state)}`).toBeUndefined();
    }
    const folded = history.reduce((s, entry) => decider.evolve(s, entry.event, entry.at), decider.initialState);
    expect(json(folded)).toEqual(json(state));
    assertPlain(folded);
  });
  const written = writesOf(decider.category);
  fc.assert(play, { numRuns: runs });
  // What comes about seldom is played for longer: luck is no verdict.
  for (let more = 0; more < 20 && seen.size < written.length; more++) fc.assert(play, { numRuns: runs });
  // A play that never reaches an event proves nothing about it.
  expect([...seen].sort(), 'what was written, and by which commands').toEqual(written);
}

const typeOf = (command: unknown): string => (command as { type: string }).type;

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

const json = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** Nothing but what JSON keeps: no dates, maps, functions, NaN. Members that are undefined do not count. */
function assertPlain(value: unknown): void {
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number') {
    expect(Number.isFinite(value)).toBe(true);
    return;
  }
  if (Array.isArray(value)) expect(value).not.toContain(undefined);
  else expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  for (const member of Object.values(value)) assertPlain(member);
}
