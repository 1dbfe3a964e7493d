import { randomUUID } from 'node:crypto';
import type { Commit, EventStore, Head } from '../../lib/ports/eventStore.ts';

/** A commit and its head as a caller would make them, without meaning: what storage tests append. */
export function entry(
  stream: string,
  version: number,
  more: { readonly commitId?: string; readonly dueAt?: string; readonly by?: string } = {},
): { commit: Commit; head: Head } {
  const commitId = more.commitId ?? randomUUID();
  const at = new Date(Date.UTC(2026, 0, 1) + version * 1000).toISOString();
  const hash = version.toString(16).padStart(64, '0');
  const commit: Commit = {
    stream,
    version,
    events: [{ type: 'Counted', count: version, by: more.by ?? 'test' } as { type: string }],
    at,
    actor: 'test',
    commitId,
    correlationId: 'correlation',
    previousHash: version === 1 ? '' : (version - 1).toString(16).padStart(64, '0'),
    hash,
  };
  const head: Head = {
    stream,
    version,
    hash,
    at,
    commitId,
    snapshot: { evolve: 1, state: { count: version } },
    ...(more.dueAt === undefined ? {} : { dueAt: more.dueAt }),
  };
  return { commit, head };
}

/** Appends one {@link entry}. */
export const append = (
  store: EventStore,
  stream: string,
  version: number,
  more?: Parameters<typeof entry>[2],
): Promise<'appended' | 'conflict'> => {
  const { commit, head } = entry(stream, version, more);
  return store.append(commit, head);
};
