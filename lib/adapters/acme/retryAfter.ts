/** More is not believed: a CA's clock or a proxy's typing error must not park a certificate for good. */
const MAX_SECONDS = 366 * 86_400;

/** RFC 9110 5.6.7: the preferred form and RFC 850's carry GMT; asctime's does not, and means it. */
const HTTP_DATE = /^[A-Z][a-z]{2,8}, \d{2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

function dateMillis(text: string): number {
  if (HTTP_DATE.test(text)) return Date.parse(text);
  return ASCTIME.test(text) ? Date.parse(`${text} GMT`) : Number.NaN;
}

/**
 * Retry-After (RFC 9110 10.2.3) as whole seconds from `now`, never negative, at most 366 days.
 * @param now milliseconds since the epoch
 * @returns undefined when the header is absent or has neither form
 */
export function retryAfterSeconds(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((dateMillis(text) - now) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), MAX_SECONDS);
}
