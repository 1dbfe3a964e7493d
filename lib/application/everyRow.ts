import type { ViewQuery, ViewRow, Views } from '../ports/views.ts';

/** Rows that are read at once. */
const PAGE = 500;

/** Every row of a view, or those of one owner, in the order of their keys, page by page. */
export async function* everyRow(
  views: Pick<Views, 'list'>,
  view: string,
  { owner, after: begin }: Pick<ViewQuery, 'owner' | 'after'> = {},
): AsyncGenerator<ViewRow, void> {
  for (let after = begin; ; ) {
    const page = await views.list(view, { owner, after, limit: PAGE });
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.key;
  }
}
