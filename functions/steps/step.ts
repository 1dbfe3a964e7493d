import middy from '@middy/core';

/** A handler as Lambda and the embedded binder call it: JSON in, JSON out. */
export type StepHandler = (input: unknown) => Promise<unknown>;

const OUTCOMES = new Set(['done', 'wait', 'deferred', 'failed']);

/** A step's answer broke the contract with its state machine. Retrying would not mend it. */
export class MalformedOutcome extends Error {
  override readonly name = 'MalformedOutcome';
}

/** The answer's form: a known outcome, and whole non-negative seconds when it says `wait`. @throws MalformedOutcome */
function checkOutcome(answer: unknown): void {
  const { outcome, seconds } = (answer ?? {}) as { outcome?: unknown; seconds?: unknown };
  if (typeof outcome !== 'string' || !OUTCOMES.has(outcome))
    throw new MalformedOutcome('the step answered no known outcome');
  if (outcome === 'wait' && !(Number.isInteger(seconds) && (seconds as number) >= 0)) {
    throw new MalformedOutcome('the step answered wait without whole seconds');
  }
}

/** Wraps a step for its runtime: its answer is checked, whatever it is. */
export function step<I>(work: (input: I) => Promise<unknown>): StepHandler {
  const handler = middy<I, unknown>((input: I) => work(input)).use({
    after: (request) => checkOutcome(request.response),
  });
  return (input) => handler(input as I, {} as never) as Promise<unknown>;
}
