/**
 * Time as the ledger writes it: an ISO 8601 string in UTC with milliseconds, such as `2026-01-31T12:00:00.000Z`.
 * All instants have this one width, so plain string comparison orders them.
 */
export type Instant = string;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** From the year 10000 on an instant would be wider. */
const WIDER = Date.UTC(10_000, 0);

const padded = (count: number, width: number): string[] =>
  Array.from({ length: count }, (_, value) => String(value).padStart(width, '0'));
const MINUTES = padded(24, 2).flatMap((hour) => padded(60, 2).map((minute) => `${hour}:${minute}:`));
const SECONDS = padded(60, 2).map((second) => `${second}.`);
const MILLISECONDS = padded(1000, 3).map((millisecond) => `${millisecond}Z`);

/** Dates with the T that follows them, by days since the epoch. */
const dates = new Map<number, string>();
const MOST_DATES = 20_000;

function dateOf(day: number): string {
  const known = dates.get(day);
  if (known !== undefined) return known;
  const date = new Date(day * DAY).toISOString().slice(0, 'YYYY-MM-DDT'.length);
  if (dates.size >= MOST_DATES) dates.clear();
  dates.set(day, date);
  return date;
}

/**
 * Milliseconds since the epoch to an {@link Instant}; fractions are cut off. A renewal is judged by dozens of instants: put together from tables
 * one takes an eighth of the time that a Date takes.
 * @throws RangeError when it is no time
 */
export function instant(milliseconds: number): Instant {
  if (!(milliseconds >= 0 && milliseconds < WIDER)) return new Date(milliseconds).toISOString();
  const day = Math.floor(milliseconds / DAY);
  const time = Math.floor(milliseconds - day * DAY);
  const minute = Math.floor(time / MINUTE);
  const rest = time - minute * MINUTE;
  const second = Math.floor(rest / SECOND);
  return dateOf(day) + MINUTES[minute]! + SECONDS[second]! + MILLISECONDS[rest - second * SECOND]!;
}

/** An instant of a day that every month has. */
const PLAIN = /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/** The number that two digits of a text make. */
const digits = (text: string, from: number): number =>
  text.charCodeAt(from) * 10 + text.charCodeAt(from + 1) - 11 * '0'.charCodeAt(0);

/** An {@link Instant} to milliseconds since the epoch; NaN when it is no time. What looks otherwise is left to Date. */
export function millis(at: Instant): number {
  if (!PLAIN.test(at)) return Date.parse(at);
  const year = digits(at, 0) * 100 + digits(at, 2);
  const day = Date.UTC(year, digits(at, 5) - 1, digits(at, 8));
  const second = (digits(at, 11) * 60 + digits(at, 14)) * 60 + digits(at, 17);
  return day + second * SECOND + digits(at, 20) * 10 + (at.charCodeAt(22) - '0'.charCodeAt(0));
}

/** `at` moved by `seconds` (may be negative or fractional). */
export const plusSeconds = (at: Instant, seconds: number): Instant => instant(millis(at) + Math.round(seconds * 1000));

/** Seconds from `from` to `to`; negative when `to` is earlier. */
export const secondsBetween = (from: Instant, to: Instant): number => (millis(to) - millis(from)) / 1000;

/** The later of two instants. */
export const later = (a: Instant, b: Instant): Instant => (a > b ? a : b);

/** The earliest of the instants given; undefined entries are left out. */
export function earliest(...all: (Instant | undefined)[]): Instant | undefined {
  let first: Instant | undefined;
  for (const at of all) if (at !== undefined && (first === undefined || at < first)) first = at;
  return first;
}
