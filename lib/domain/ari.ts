import { type Instant, millis, plusSeconds, secondsBetween } from './time.ts';

/** When a CA suggests to renew (RFC 9773 4.2): from `start` on, before `end`. */
export interface SuggestedWindow {
  readonly start: Instant;
  readonly end: Instant;
}

/** What a CA last said about a revision, and the instant that was drawn from it. */
export interface RenewalInformation {
  readonly revision: number;
  readonly window: SuggestedWindow;
  readonly renewAt: Instant;
  readonly explanationURL?: string;
  /** When it is asked again. */
  readonly checkAt: Instant;
}

/** Seconds between two questions: RFC 9773 4.3 wants Retry-After to be within bounds that the client sets. */
export const SOONEST_CHECK = 60;
export const LATEST_CHECK = 86_400;
/** Seconds after what asking again soon would not mend: a refusal, an answer that makes no sense (RFC 9773 4.3.3). */
export const LONG_TERM = 6 * 3600;

/** Seconds before a window's end at which the last instant lies: the scan comes every five minutes, and the order is to be placed within. */
const ORDER_MARGIN = 600;

/** A window that ends before it begins says nothing (RFC 9773 4.2). */
export const isWindow = ({ start, end }: SuggestedWindow): boolean =>
  Number.isFinite(millis(start)) && Number.isFinite(millis(end)) && start < end;

/**
 * An instant of the window, all of them equally likely (RFC 9773 4.2, step 1), so that not everybody comes at once. What is drawn leaves time
 * for the order before the window ends: ten minutes, or half of a short window.
 * @param random in [0, 1)
 */
export function instantWithin({ start, end }: SuggestedWindow, random: number): Instant {
  const length = secondsBetween(start, end);
  return plusSeconds(start, Math.floor(random * (length - Math.min(ORDER_MARGIN, length / 2))));
}

/**
 * Seconds until the CA is asked again, by its Retry-After, which is both the least and the most that it wants. One that is missing, or no
 * number, counts as a failure that lasts.
 */
export function checkPause(retryAfter: number | undefined): number {
  if (retryAfter === undefined || !Number.isFinite(retryAfter) || retryAfter < 0) return LONG_TERM;
  return Math.min(Math.max(Math.ceil(retryAfter), SOONEST_CHECK), LATEST_CHECK);
}

/** Seconds until the next question after so many failures in a row that may pass by themselves: a minute, doubling, six hours at most. */
export const failurePause = (failures: number): number =>
  Math.min(SOONEST_CHECK * 2 ** Math.min(Math.max(0, failures - 1), 20), LONG_TERM);
