import { byteOrder } from './keys.ts';

/** Rows in order of their key, read a page at a time. */
export type Rows<T> = AsyncGenerator<T, void>;

interface Front<T> {
  readonly rows: Rows<T>;
  readonly row: T;
  readonly order: Uint8Array;
}

/**
 * The rows of all `sources` in one order, the sources being each in that order. The first page of every source is asked for at once, later ones as
 * they are needed.
 * @param key the text by whose bytes the rows are in order
 */
export async function* merged<T>(sources: readonly Rows<T>[], key: (row: T) => string): Rows<T> {
  const front = async (rows: Rows<T>): Promise<Front<T> | undefined> => {
    const next = await rows.next();
    return next.done ? undefined : { rows, row: next.value, order: byteOrder(key(next.value)) };
  };
  const fronts = await Promise.all(sources.map(front));
  for (;;) {
    const first = firstOf(fronts);
    if (first === undefined) return;
    const { row, rows } = fronts[first]!;
    yield row;
    fronts[first] = await front(rows);
  }
}

function firstOf<T>(fronts: readonly (Front<T> | undefined)[]): number | undefined {
  let first: number | undefined;
  for (const [index, front] of fronts.entries()) {
    if (front && (first === undefined || Buffer.compare(front.order, fronts[first]!.order) < 0)) first = index;
  }
  return first;
}

/** At most `limit` rows as `take` makes them, but for those of which it makes nothing. */
export async function taken<T, U>(rows: Rows<T>, limit: number, take: (row: T) => U | undefined): Promise<U[]> {
  const found: U[] = [];
  if (limit < 1) return found;
  for await (const row of rows) {
    const one = take(row);
    if (one !== undefined && found.push(one) >= limit) break;
  }
  return found;
}

/** Rows to ask one of several sources for, so that for `limit` of all of them one page of each is mostly enough and few rows are read in vain. */
export const pageOf = (limit: number, sources: number): number =>
  Math.min(limit + 1, Math.ceil((2 * limit) / sources) + 4);
