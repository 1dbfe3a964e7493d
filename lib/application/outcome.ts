/**
 * A step's answer to its state machine. `wait`: run the same step again after whole `seconds`; `deferred`: the run ends and the ledger
 * holds when it goes on; `failed`: the reason stands on the ledger. Only the unexpected is thrown.
 */
export type Outcome =
  | { readonly outcome: 'done'; readonly [reference: string]: unknown }
  | { readonly outcome: 'wait'; readonly seconds: number; readonly loops: number }
  | { readonly outcome: 'deferred' }
  | { readonly outcome: 'failed' };

export const done: Outcome = { outcome: 'done' };
export const failed: Outcome = { outcome: 'failed' };
export const deferred: Outcome = { outcome: 'deferred' };

/** Waits that one state may take in one run, and the longest of them in seconds: together less than an hour. */
export const MAX_LOOPS = 15;
const LONGEST_WAIT = 240;

/** How often the step has waited in this run, from its own last answer. */
export function loopsOf(answer: unknown): number {
  const loops = (answer as { loops?: unknown } | undefined)?.loops;
  return typeof loops === 'number' ? loops : 0;
}

/**
 * The next wait: 1 s growing by half, or what the other side asked for; undefined when the step has waited often enough or the other side
 * asks for more than a state machine should wait.
 */
export function nextWait(loops: number, retryAfter?: number): Outcome | undefined {
  const grown = Math.ceil(1.5 ** loops);
  const seconds = Math.max(grown, Math.ceil(retryAfter ?? 0));
  if (loops >= MAX_LOOPS || (retryAfter ?? 0) > LONGEST_WAIT) return undefined;
  return { outcome: 'wait', seconds: Math.min(seconds, LONGEST_WAIT), loops: loops + 1 };
}
