import type { Commit, DueStream, EventStore, Head } from '../../ports/eventStore.ts';
import { assertFit, commitBody, commitOf } from '../commitBody.ts';
import type { Database } from './database.ts';

interface HeadRow {
  stream: string;
  version: number;
  hash: string;
  at: string;
  commit_id: string;
  evolve: number;
  state: string;
  due_at: string | null;
}

/** A commit's row, as the feed reads it too. */
export interface CommitRow {
  position: number;
  stream: string;
  version: number;
  body: string;
}

// Every string that begins with a prefix sorts before the prefix with the last code point behind it.
const LAST = '\u{10FFFF}';

/** The ledger in SQLite. Appends of one turn of the event loop share one transaction and one flush; see Connection. */
export function sqliteEventStore(database: Database): EventStore {
  const { ledger, views } = database;
  // Heads as they stand on the disk: this process is the only writer, and who just wrote a stream reads it next.
  const heads = headCache();
  // Newest append under way, by stream.
  const underWay = new Map<string, Promise<unknown>>();

  // A commit can be read before it is on the disk. Nobody shall act on it until then.
  async function settled(stream: string): Promise<void> {
    await underWay.get(stream)?.catch(() => {});
  }

  function standsAt(stream: string, version: number): string | undefined {
    return ledger.get<{ commit_id: string }>(
      'SELECT commit_id FROM commits WHERE stream = ? AND version = ?',
      stream,
      version,
    )?.commit_id;
  }

  /** Answers whether the stream was at the version before. */
  function moveHead(head: Head, state: string): boolean {
    const { stream, version, hash, at, commitId, snapshot, dueAt = null } = head;
    const columns = [version, hash, at, commitId, snapshot.evolve, state, dueAt, stream];
    const sql =
      version === 1
        ? `INSERT INTO heads (version, hash, at, commit_id, evolve, state, due_at, stream) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (stream) DO NOTHING`
        : `UPDATE heads SET version = ?, hash = ?, at = ?, commit_id = ?, evolve = ?, state = ?, due_at = ?
           WHERE stream = ? AND version = ?`;
    return ledger.run(sql, ...columns, ...(version === 1 ? [] : [version - 1])) === 1;
  }

  return {
    async append(commit, head) {
      assertFit(commit, head);
      const body = commitBody(commit);
      const state = JSON.stringify(head.snapshot.state) ?? 'null';
      const append = ledger.write(() => {
        // The head moves only from the version before, so that one statement asks and writes.
        if (!moveHead(head, state)) {
          return standsAt(commit.stream, commit.version) === commit.commitId ? 'repeated' : 'conflict';
        }
        ledger.run(
          'INSERT INTO commits (stream, version, commit_id, body) VALUES (?, ?, ?, ?)',
          commit.stream,
          commit.version,
          commit.commitId,
          body,
        );
        return 'appended';
      });
      underWay.set(commit.stream, append);
      const answer = await append.finally(() => {
        if (underWay.get(commit.stream) === append) underWay.delete(commit.stream);
      });
      if (answer === 'appended') {
        heads.keep(head);
        database.announce();
      }
      return answer === 'conflict' ? 'conflict' : 'appended';
    },

    async head(stream) {
      await settled(stream);
      const known = heads.find(stream);
      if (known) return known;
      const row = ledger.get<HeadRow>('SELECT * FROM heads WHERE stream = ?', stream);
      if (!row) return undefined;
      const head = toHead(row);
      heads.keep(head);
      return head;
    },

    async commits(stream, after = 0, limit = -1) {
      await settled(stream);
      return ledger
        .all<CommitRow>(
          `SELECT position, stream, version, body FROM commits WHERE stream = ? AND version > ?
           ORDER BY version LIMIT ?`,
          stream,
          after,
          limit,
        )
        .map(toCommit);
    },

    async due(before, limit, after) {
      return ledger
        .all<{ stream: string; version: number; due_at: string }>(
          `SELECT stream, version, due_at FROM heads WHERE due_at <= ? AND (due_at, stream) > (?, ?)
           ORDER BY due_at, stream LIMIT ?`,
          before,
          after?.dueAt ?? '',
          after?.stream ?? '',
          limit,
        )
        .map((row): DueStream => ({ stream: row.stream, version: row.version, dueAt: row.due_at }));
    },

    // Losing it with the machine only means looking at the stream once more, so it need not wait for the disk.
    async postpone(stream, version, dueAt) {
      const moved = await views.write(
        () => views.run('UPDATE heads SET due_at = ? WHERE stream = ? AND version = ?', dueAt, stream, version) === 1,
      );
      const head = heads.find(stream);
      if (moved && head?.version === version) heads.keep({ ...head, dueAt });
      return moved;
    },

    async streams(prefix, limit, after = '') {
      return ledger
        .all<{ stream: string }>(
          'SELECT stream FROM heads WHERE stream >= ? AND stream < ? AND stream > ? ORDER BY stream LIMIT ?',
          prefix,
          prefix + LAST,
          after,
          limit,
        )
        .map((row) => row.stream);
    },
  };
}

const KEPT_HEADS = 512;

/** The heads that were used last. Their states are shared, and nobody changes a state. */
function headCache() {
  const heads = new Map<string, Head>();
  return {
    find(stream: string): Head | undefined {
      const head = heads.get(stream);
      if (head) {
        heads.delete(stream);
        heads.set(stream, head);
      }
      return head;
    },
    /** An older version never takes the place of a newer one. */
    keep(head: Head): void {
      if ((heads.get(head.stream)?.version ?? 0) > head.version) return;
      heads.delete(head.stream);
      heads.set(head.stream, head);
      if (heads.size > KEPT_HEADS) heads.delete(heads.keys().next().value as string);
    },
  };
}

/** A row of `commits` as the commit that was appended. */
export function toCommit(row: CommitRow): Commit {
  return commitOf(row.stream, row.version, row.body);
}

function toHead(row: HeadRow): Head {
  return {
    stream: row.stream,
    version: row.version,
    hash: row.hash,
    at: row.at,
    commitId: row.commit_id,
    snapshot: { evolve: row.evolve, state: JSON.parse(row.state) },
    ...(row.due_at === null ? {} : { dueAt: row.due_at }),
  };
}
