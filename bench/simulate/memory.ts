import { millis } from '../../lib/domain/time.ts';
import type { Commit, DueStream, EventStore, Head } from '../../lib/ports/eventStore.ts';
import type { LimitRow, LimitRows } from '../../lib/ports/limitRows.ts';
import type { SecretVault } from '../../lib/ports/secretVault.ts';
import type { Views, Watched } from '../../lib/ports/views.ts';
import { Heap } from './heap.ts';

/** The ledger in memory, heads alone: years of commits would not fit, and nobody folds them. */
export interface MemoryLedger extends EventStore {
  /** Streams that stand. */
  readonly size: number;
  /** Forgets a stream whose story is over. */
  forget(stream: string): void;
  /** When the next stream is due; undefined when none is. */
  nextDue(): string | undefined;
}

/** @param appended told of each commit, in order */
export function memoryLedger(appended: (commit: Commit) => void): MemoryLedger {
  const heads = new Map<string, Head>();
  const index = dueIndex();
  return {
    get size() {
      return heads.size;
    },
    async append(commit, head) {
      const { stream, version } = commit;
      if ((heads.get(stream)?.version ?? 0) !== version - 1) return 'conflict';
      heads.set(stream, head);
      index.set(stream, head.dueAt);
      appended(commit);
      return 'appended';
    },
    head: async (stream) => heads.get(stream),
    commits: async (stream) => {
      throw new Error(`${stream}: the simulation keeps no commits`);
    },
    async due(before, limit, after) {
      const found: DueStream[] = [];
      for (const { stream, dueAt } of index.until(before, limit, after)) {
        found.push({ stream, version: heads.get(stream)!.version, dueAt });
      }
      return found;
    },
    async postpone(stream, version, dueAt) {
      const head = heads.get(stream);
      if (head?.version !== version) return false;
      index.set(stream, dueAt);
      return true;
    },
    streams: async () => [],
    forget(stream) {
      heads.delete(stream);
      index.set(stream, undefined);
    },
    nextDue: () => index.first(),
  };
}

interface Due {
  readonly stream: string;
  readonly dueAt: string;
  /** The same in milliseconds: numbers are compared more quickly. */
  readonly at: number;
}

/** By (dueAt, stream), as the port has it. */
const order = (a: Due, b: Due): number => a.at - b.at || (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : 0);

/** Streams by when they are due. An entry that is no longer the stream's own is left out when it comes up. */
function dueIndex() {
  const own = new Map<string, Due>();
  const heap = new Heap<Due>((a, b) => order(a, b) < 0);
  const fresh = (due: Due): boolean => own.get(due.stream) === due;
  /** Those that came up, in order: a scan asks for them page by page. */
  let ready: Due[] = [];
  return {
    set(stream: string, dueAt: string | undefined): void {
      if (dueAt === undefined) {
        own.delete(stream);
        return;
      }
      if (own.get(stream)?.dueAt === dueAt) return;
      const due = { stream, dueAt, at: millis(dueAt) };
      own.set(stream, due);
      heap.push(due);
    },
    until(before: string, limit: number, after?: DueStream): Due[] {
      ready = ready.filter(fresh);
      const known = ready.length;
      for (let next = heap.first; next && next.dueAt <= before; next = heap.first) {
        heap.pop();
        if (fresh(next)) ready.push(next);
      }
      if (known > 0 && ready.length > known) ready.sort(order);
      const from = after ? { ...after, at: millis(after.dueAt) } : undefined;
      const rest = from ? ready.filter((one) => order(one, from) > 0) : ready;
      return rest.filter(({ dueAt }) => dueAt <= before).slice(0, limit);
    },
    first(): string | undefined {
      for (let next = heap.first; next && !fresh(next); next = heap.first) heap.pop();
      const waiting = ready.find(fresh);
      const next = heap.first;
      return waiting && !(next && order(next, waiting) < 0) ? waiting.dueAt : next?.dueAt;
    },
  };
}

/** The limit ledger's rows in memory. Rows that say nothing more go when they are met. */
export function memoryLimitRows(now: () => string): LimitRows & { readonly size: number } {
  const rows = new Map<string, LimitRow & { readonly expires: string }>();
  const live = (key: string) => {
    const row = rows.get(key);
    if (row && row.expires <= now()) rows.delete(key);
    return rows.get(key);
  };
  return {
    get size() {
      return rows.size;
    },
    read: async (keys) => keys.flatMap((key) => live(key) ?? []),
    async write(writes) {
      if (writes.some(({ key, version }) => (live(key)?.version ?? 0) !== version)) return 'conflict';
      for (const row of writes) rows.set(row.key, { ...row, version: row.version + 1 });
      return 'written';
    },
  };
}

/** Of the views the rows that fail, by view and key: nobody asks for others here. */
export function memoryViews(): Pick<Views, 'put' | 'remove' | 'list' | 'earliest'> & {
  failing(view: string, key: string): boolean;
} {
  const rows = new Map<string, Watched>();
  const nameOf = (view: string, key: string): string => `${view}/${key}`;
  return {
    failing: (view, key) => rows.has(nameOf(view, key)),
    async put({ view, key, owner, watch }) {
      const { owed, issuer, failing = false } = watch ?? {};
      if (owed && failing) rows.set(nameOf(view, key), { key, owner, at: owed, issuer, failing });
      else rows.delete(nameOf(view, key));
      return true;
    },
    remove: async (view, key) => rows.delete(nameOf(view, key)),
    list: async () => [],
    async earliest(view, by, { limit }) {
      if (by !== 'owed') throw new Error(`the simulation keeps no order by ${by}`);
      const all = [...rows].flatMap(([name, row]) => (name.startsWith(`${view}/`) ? [row] : []));
      return all.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).slice(0, limit);
    },
  };
}

/** The vault in memory, nothing sealed: there is no key in it that anything depends on. */
export function memoryVault(): SecretVault & { readonly size: number } {
  const rows = new Map<string, Uint8Array>();
  return {
    get size() {
      return rows.size;
    },
    async seal(ref, _owner, plaintext) {
      if (!rows.has(ref)) rows.set(ref, plaintext);
      return rows.get(ref)!;
    },
    open: async (ref) => rows.get(ref),
    purge: async (ref) => void rows.delete(ref),
  };
}
