import { type Instant, millis } from '../domain/time.ts';

/** Renewals by time that begin within an hour, for one issuer: what a mass of due certificates may cost a CA, and us. */
const RENEWALS_PER_HOUR = 1000;

/** Spreads renewals by time that are due together. Nothing else is held back by it, and nothing beyond its override. */
export interface RenewalTurns {
  /**
   * Asks for a turn. Whoever must wait has a place in the row, and has it still when it asks again.
   * @returns seconds to wait; 0: now
   */
  take(issuer: string, stream: string, now: Instant): number;
}

interface Row {
  /** When the next place is free, and the newest time that was seen; milliseconds. */
  next: number;
  seen: number;
  readonly places: Map<string, number>;
}

/** Share of an hour's renewals that may begin at once: the scan on AWS comes twelve times an hour, in a process that may be new each time. */
const AT_ONCE = 1 / 12;

/** Milliseconds that a clock may go back; beyond that, places that were given are of another time. */
const BACK = 60_000;

/** Turns in the memory of this process. Two processes that scan at the same time each give their own. */
export function renewalTurns(perHour = RENEWALS_PER_HOUR): RenewalTurns {
  const rows = new Map<string, Row>();
  const interval = 3_600_000 / perHour;
  const burst = Math.max(1, Math.ceil(perHour * AT_ONCE)) * interval;
  return {
    take(issuer, stream, now) {
      const at = millis(now);
      let row = rows.get(issuer);
      if (!row || at < row.seen - BACK) {
        row = { next: 0, seen: at, places: new Map() };
        rows.set(issuer, row);
      }
      row.seen = Math.max(row.seen, at);
      const place = row.places.get(stream) ?? Math.max(row.next, at - burst + interval);
      if (!row.places.has(stream)) row.next = place + interval;
      if (place <= at) {
        row.places.delete(stream);
        return 0;
      }
      row.places.set(stream, place);
      return (place - at) / 1000;
    },
  };
}
