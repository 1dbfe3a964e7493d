import { Refusal } from './refusal.ts';
import { earliest, type Instant, instant, millis, plusSeconds } from './time.ts';

/** Seconds that a certificate begins before now, for clients whose clock is behind. */
const BACKDATING = 30;

export interface Validity {
  readonly notBefore: Instant;
  readonly notAfter: Instant;
}

/**
 * How long a certificate of our own holds: `duration` seconds, beginning a little before now, in whole seconds as X.509 counts them.
 * It never outlives its issuer: it is cut to `issuerNotAfter`. A self-signed certificate has none.
 * @throws Refusal `IssuerExpired`
 */
export function leafValidity(input: {
  readonly duration: number;
  readonly now: Instant;
  readonly issuerNotAfter?: Instant;
}): Validity {
  const { duration, now, issuerNotAfter } = input;
  if (issuerNotAfter !== undefined && issuerNotAfter <= now) {
    throw new Refusal('IssuerExpired', `The issuing CA's certificate expired at ${issuerNotAfter}`, {
      remedy: 'Renew the CA certificate; what waits for it is issued then',
    });
  }
  const notBefore = wholeSeconds(plusSeconds(now, -BACKDATING));
  return { notBefore, notAfter: earliest(plusSeconds(notBefore, duration), issuerNotAfter)! };
}

/** Seconds by which two clocks may differ without a word. */
const CLOCKS_DIFFER = 300;

/** Whether a certificate is of no use yet, because a clock was ahead when it was issued, ours or its CA's. */
export const isYetToBegin = (notBefore: Instant, now: Instant): boolean => notBefore > plusSeconds(now, CLOCKS_DIFFER);

/** Milliseconds. A CA that is away for two days must not cost a certificate of a week its end. */
const SHORT_LIVED = 10 * 86_400_000;

/**
 * When to renew, by cert-manager's rule, in whole seconds: `renewBefore` seconds before the end if that is shorter than the actual lifetime;
 * otherwise `renewBeforePercentage` percent of the actual lifetime before the end; otherwise a third of it, or half of one under ten days.
 * Begin, end and answer are milliseconds since the epoch.
 */
export const renewalMillis = (begin: number, end: number, renewBefore?: number, percentage?: number): number =>
  wholeSecond(end - beforeEnd(end - begin, renewBefore, percentage));

/** A week, in milliseconds. */
const WEEK = 7 * 86_400_000;

/**
 * When it is worth telling that a certificate still has no successor: a week before its end, or a tenth of the actual lifetime if that is
 * shorter, but not before half of the time that its renewal has is over. In milliseconds since the epoch.
 * @param renewal when its renewal is due
 */
export const nearExpiryMillis = (begin: number, end: number, renewal: number): number =>
  Math.max(end - Math.min(WEEK, (end - begin) / 10), renewal + (end - renewal) / 2);

function beforeEnd(lifetime: number, seconds: number | undefined, percentage: number | undefined): number {
  if (seconds !== undefined && seconds > 0 && seconds * 1000 < lifetime) return seconds * 1000;
  if (percentage !== undefined && percentage > 0 && percentage < 100) return (lifetime * percentage) / 100;
  return lifetime < SHORT_LIVED ? lifetime / 2 : lifetime / 3;
}

/** As X.509 counts: without fractions of a second. */
export const wholeSeconds = (at: Instant): Instant => instant(wholeSecond(millis(at)));

const wholeSecond = (milliseconds: number): number => Math.floor(milliseconds / 1000) * 1000;
