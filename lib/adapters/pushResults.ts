import type { FailureClass } from '../domain/problem.ts';
import type { PushResult } from '../ports/destinations.ts';

/** A push that did not succeed. */
export type Unsuccessful = Exclude<PushResult, { outcome: 'confirmed' }>;

/** Somebody must act: `reason` is a stable word. */
export const refused = (reason: string, message: string): Unsuccessful => ({ outcome: 'refused', reason, message });

/** Time may cure it. `retryAfter` in seconds. */
export const failed = (
  failureClass: FailureClass,
  reason: string,
  message: string,
  retryAfter?: number,
): Unsuccessful => ({
  outcome: 'failed',
  class: failureClass,
  reason,
  message,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});
