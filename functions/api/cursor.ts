import { Refusal } from '../../lib/domain/refusal.ts';

/** A cursor as clients see it: opaque, safe in a URL. `kind` keeps a cursor of one list out of another. */
export const encodeCursor = (kind: string, value: unknown): string =>
  Buffer.from(JSON.stringify([kind, value])).toString('base64url');

/** @throws Refusal `InvalidCursor` for what {@link encodeCursor} did not answer for this kind */
export function decodeCursor(kind: string, cursor: string, field: string): unknown {
  try {
    const [of, value] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as [unknown, unknown];
    if (of === kind) return value;
  } catch {
    // What does not parse is refused below, as one of another list is.
  }
  throw invalidCursor(field);
}

/** The refusal of a cursor. @param field where it was given */
export const invalidCursor = (field: string): Refusal =>
  new Refusal('InvalidCursor', 'the cursor is not one that this list answered', {
    field,
    remedy: 'begin again without a cursor',
  });
