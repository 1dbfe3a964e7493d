import { turns } from '../async/turns.ts';
import { type Instant, instant, millis } from '../domain/time.ts';
import type { LimitRows } from '../ports/limitRows.ts';

/** Renewals by time that begin within an hour, for one issuer: what a mass of due certificates may cost a CA, and us. */
const RENEWALS_PER_HOUR = 1000;

/** Spreads renewals by time that are due together. Nothing else is held back by it, and nothing beyond its override. */
export interface RenewalTurns {
  /**
   * Asks for a turn. Whoever must wait has a place in the row, and has it still when it asks the same process again.
   * @returns seconds to wait; 0: now
   */
  take(issuer: string, stream: string, now: Instant): Promise<number>;
}

interface Row {
  /** When the next place is free, and the newest time that was seen; milliseconds. */
  next: number;
  seen: number;
  readonly places: Map<string, number>;
  /** Who took a turn a moment ago, and when: one that asks twice before it has begun takes one. */
  readonly taken: Map<string, number>;
}

/** What all processes know of the turns that were taken. */
type Taken = Pick<Row, 'next' | 'seen'>;

/** Share of an hour's renewals that may begin at once: the scan on AWS comes twelve times an hour, in a process that may be new each time. */
const AT_ONCE = 1 / 12;

/** Milliseconds that a clock may go back; beyond that, places that were given are of another time. */
const BACK = 60_000;

/** Milliseconds for which a turn that was taken is good. */
const MOMENT = 60_000;

/** Processes that are let pass at one row, before one asks again in `BUSY` milliseconds. */
const ATTEMPTS = 8;
const BUSY = 10_000;

/** Milliseconds after which a row of turns says nothing more. */
const FORGOTTEN = 3_600_000;

/**
 * Turns that hold for every process that shares `rows`: a row for each issuer counts those that are taken, and each costs a read and a write. Who
 * must wait is given a place from the memory of its process alone, so that it knows when to ask again; the row has the last word then.
 */
export function renewalTurns(shared: LimitRows, perHour = RENEWALS_PER_HOUR): RenewalTurns {
  const rows = new Map<string, Row>();
  const inTurn = turns();
  const interval = 3_600_000 / perHour;
  const burst = Math.max(1, Math.ceil(perHour * AT_ONCE)) * interval;
  const free = ({ next }: Taken, at: number): number => Math.max(next, at - burst + interval);

  function rowOf(issuer: string, at: number): Row {
    const known = rows.get(issuer);
    const row =
      known && at >= known.seen - BACK
        ? known
        : { next: 0, seen: at, places: new Map<string, number>(), taken: new Map<string, number>() };
    rows.set(issuer, row);
    row.seen = Math.max(row.seen, at);
    for (const [stream, since] of row.taken) if (at - since > MOMENT) row.taken.delete(stream);
    return row;
  }

  function placeIn(row: Row, stream: string, at: number): number {
    const place = row.places.get(stream) ?? free(row, at);
    if (!row.places.has(stream)) row.next = place + interval;
    row.places.set(stream, place);
    return place;
  }

  /** @returns when there is a turn: now when it was taken, and never earlier */
  async function takeShared(issuer: string, at: number): Promise<number> {
    const key = `renewals/${issuer}`;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const [row] = await shared.read([key]);
      const known = row?.doc as Taken | undefined;
      const taken = known && at >= known.seen - BACK ? known : { next: 0, seen: at };
      const turn = free(taken, at);
      if (turn > at) return turn;
      const doc: Taken = { next: turn + interval, seen: Math.max(taken.seen, at) };
      const expires = instant(Math.max(doc.next, doc.seen) + FORGOTTEN);
      if ((await shared.write([{ key, version: row?.version ?? 0, doc, expires }])) === 'written') return at;
    }
    return at + BUSY;
  }

  return {
    take: (issuer, stream, now) =>
      inTurn(issuer, async () => {
        const at = millis(now);
        const row = rowOf(issuer, at);
        if (row.taken.has(stream)) return 0;
        const place = placeIn(row, stream, at);
        if (place > at) return (place - at) / 1000;
        row.places.delete(stream);
        const turn = await takeShared(issuer, at);
        if (turn <= at) {
          row.taken.set(stream, at);
          return 0;
        }
        row.next = Math.max(row.next, turn);
        return (placeIn(row, stream, at) - at) / 1000;
      }),
  };
}
