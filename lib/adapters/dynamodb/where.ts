import type { ViewQuery, ViewRow } from '../../ports/views.ts';

/** Whether a row's document has all of these members: the value itself, or an array that contains it. Types are not mixed. */
export function matches(doc: ViewRow['doc'], where: ViewQuery['where'] = {}): boolean {
  return Object.entries(where).every(([member, wanted]) => {
    const found = Object.hasOwn(doc, member) ? doc[member] : undefined;
    return Array.isArray(found) ? found.includes(wanted) : found === wanted;
  });
}
