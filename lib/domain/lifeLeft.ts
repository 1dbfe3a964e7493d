import { type Instant, plusSeconds, secondsBetween } from './time.ts';

const DAY = 86_400;

/** Days of a life in which a week is a quarter: who lives for so long or longer is measured in days, who lives for less by the share that is left. */
const WHOLE = 28;

/** Days before the end from which on a certificate is one to speak of. */
export const SOON = 7;

/** How much longer a life of {@link WHOLE} days is than this one; 1 for one that lives for so long itself. */
const stretch = (notBefore: Instant, notAfter: Instant): number =>
  Math.max(1, (WHOLE * DAY) / Math.max(1, secondsBetween(notBefore, notAfter)));

/** Days until a certificate ends, with fractions; of a short life as if it were {@link WHOLE} days long. Negative when it is over. */
export const daysLeft = (notBefore: Instant, notAfter: Instant, now: Instant): number =>
  (secondsBetween(now, notAfter) / DAY) * stretch(notBefore, notAfter);

/** {@link SOON} days after the instant from which on so many days are left: for a life that is not short, its end. */
export const soonEnd = (notBefore: Instant, notAfter: Instant): Instant =>
  plusSeconds(notAfter, SOON * DAY * (1 - 1 / stretch(notBefore, notAfter)));
