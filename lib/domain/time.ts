/**
 * Time as the ledger writes it: an ISO 8601 string in UTC with milliseconds, such as `2026-01-31T12:00:00.000Z`.
 * All instants have this one width, so plain string comparison orders them.
 */
export type Instant = string;

/** Milliseconds since the epoch to an {@link Instant}. */
export const instant = (milliseconds: number): Instant => new Date(milliseconds).toISOString();

/** An {@link Instant} to milliseconds since the epoch. */
export const millis = (at: Instant): number => Date.parse(at);

/** `at` moved by `seconds` (may be negative or fractional). */
export const plusSeconds = (at: Instant, seconds: number): Instant => instant(millis(at) + Math.round(seconds * 1000));

/** Seconds from `from` to `to`; negative when `to` is earlier. */
export const secondsBetween = (from: Instant, to: Instant): number => (millis(to) - millis(from)) / 1000;

/** The later of two instants. */
export const later = (a: Instant, b: Instant): Instant => (a > b ? a : b);

/** The earliest of the instants given; undefined entries are left out. */
export const earliest = (...all: (Instant | undefined)[]): Instant | undefined =>
  all.filter((at) => at !== undefined).sort()[0];
