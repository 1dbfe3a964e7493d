import type { Random } from './random.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const YEAR = 365 * DAY;

/** From when to when, in milliseconds; the end is not part of it. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What happens to the world, whatever anybody does. */
export interface Calendar {
  /** The CA cannot be reached. */
  readonly caOutages: readonly Span[];
  /** A domain's name servers do not answer, so that no validation of it succeeds. */
  readonly dnsOutages: ReadonlyMap<number, readonly Span[]>;
  /** When the CA revokes a part of what stands, and by when that must be replaced. */
  readonly revocations: readonly { readonly at: number; readonly deadline: number; readonly share: number }[];
}

export const within = (spans: readonly Span[] | undefined, at: number): boolean =>
  spans?.some(({ from, to }) => from <= at && at < to) ?? false;

/** Outages of the CA: lengths that come again every year, between an hour and five days. */
const OUTAGES = [HOUR, 4 * HOUR, 12 * HOUR, DAY, 5 * DAY];

/** Each year: the CA's outages, a day without DNS for one domain in fifty, and every other year a revocation of 30 percent. */
export function calendar(random: Random, start: number, years: number, domains: number): Calendar {
  const caOutages: Span[] = [];
  const dnsOutages = new Map<number, Span[]>();
  const revocations: { at: number; deadline: number; share: number }[] = [];
  for (let year = 0; year < Math.ceil(years); year++) {
    const begin = start + year * YEAR;
    const slot = YEAR / OUTAGES.length;
    for (const [index, length] of OUTAGES.entries()) {
      const from = begin + index * slot + Math.floor(random.next() * (slot - length));
      caOutages.push({ from, to: from + length });
    }
    for (let count = 0; count < domains / 50; count++) {
      const domain = random.between(0, domains - 1);
      const from = begin + Math.floor(random.next() * (YEAR - 2 * DAY));
      dnsOutages.set(domain, [...(dnsOutages.get(domain) ?? []), { from, to: from + random.between(1, 48) * HOUR }]);
    }
    if (year % 2 === 0) {
      const at = begin + YEAR / 2 + Math.floor(random.next() * 30 * DAY);
      revocations.push({ at, deadline: at + 5 * DAY, share: 0.3 });
    }
  }
  return { caOutages, dnsOutages, revocations };
}

/** Days that a certificate of the CA's common profile lives, by when it is issued: 90, then 64, then 45 (FACTS of Let's Encrypt: 10 Feb 2027, 16 Feb 2028). */
export function commonLifetime(at: number): number {
  if (at < Date.UTC(2027, 1, 10)) return 90 * DAY;
  return at < Date.UTC(2028, 1, 16) ? 64 * DAY : 45 * DAY;
}

/** The short class: 160 hours. */
export const SHORT_LIFETIME = 160 * HOUR;
