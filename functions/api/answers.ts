import type { Page, PageRequest } from '../../lib/application/lists.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { limitOf, type Query } from './queries.ts';
import type { Answer } from './route.ts';

/** A resource as it stands. */
export const shown = ({ version, view }: { readonly version: number; readonly view: unknown }): Answer => ({
  status: 200,
  json: view,
  version,
});

/** A resource that was put: 201 when it is new. */
export const put = (result: {
  readonly version: number;
  readonly view: unknown;
  readonly created: boolean;
}): Answer => ({
  ...shown(result),
  status: result.created ? 201 : 200,
});

export const nothing: Answer = { status: 204 };

/** Where a list's request wants to read on. @throws Refusal `InvalidCursor` */
export function pageOf(kind: string, query: Query): PageRequest {
  const after = query.cursor === undefined ? undefined : String(decodeCursor(kind, query.cursor, 'query.cursor'));
  return { limit: limitOf(query), ...(after !== undefined && { after }) };
}

/** A page of a list, its place as an opaque cursor. */
export const listed = (kind: string, { items, after }: Page<unknown>): Answer => ({
  status: 200,
  json: { items, ...(after !== undefined && { cursor: encodeCursor(kind, after) }) },
});
