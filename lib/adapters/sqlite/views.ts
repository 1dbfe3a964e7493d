import type { ViewQuery, ViewRow, Views, Watched } from '../../ports/views.ts';
import type { Value } from './connection.ts';
import type { Database } from './database.ts';

interface Row {
  view: string;
  key: string;
  version: number;
  owner: string;
  doc: string;
}

const MEMBER = /^[A-Za-z0-9_-]+$/;

/** Read models in SQLite. A removed row stays as a tombstone, so that a late `put` of an older version does not bring it back. */
export function sqliteViews({ views }: Database): Views {
  // One upsert decides and writes; nothing changes when the row's version is as high.
  const upsert = (row: ViewRow, doc: string, removed: 0 | 1): Promise<boolean> =>
    views.write(
      () =>
        views.run(
          `INSERT INTO view_rows (view, key, version, owner, doc, removed, expires, owed, issuer, failing)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (view, key) DO UPDATE SET version = excluded.version, owner = excluded.owner, doc = excluded.doc,
             removed = excluded.removed, expires = excluded.expires, owed = excluded.owed, issuer = excluded.issuer,
             failing = excluded.failing WHERE excluded.version > view_rows.version`,
          row.view,
          row.key,
          row.version,
          row.owner,
          doc,
          removed,
          row.watch?.expires ?? null,
          row.watch?.owed ?? null,
          row.watch?.issuer ?? null,
          row.watch?.failing ? 1 : 0,
        ) === 1,
    );

  return {
    put: (row) => upsert(row, JSON.stringify(row.doc), 0),

    remove: (view, key, version) => upsert({ view, key, version, owner: '-', doc: {} }, '{}', 1),

    async get(view, key) {
      const row = views.get<Row>(
        'SELECT view, key, version, owner, doc FROM view_rows WHERE view = ? AND key = ? AND removed = 0',
        view,
        key,
      );
      return row && toViewRow(row);
    },

    async list(view, query) {
      const { sql, values } = condition(view, query);
      return views
        .all<Row>(
          `SELECT view, key, version, owner, doc FROM view_rows WHERE ${sql} AND key > ? ORDER BY key LIMIT ?`,
          ...values,
          query.after ?? '',
          query.limit,
        )
        .map(toViewRow);
    },

    async earliest(view, by, { before, limit }) {
      // `by` is one of two words of ours, and the name of its column.
      const { sql, values } = before ? { sql: ` AND ${by} < ?`, values: [before] } : { sql: '', values: [] };
      return views
        .all<Omit<Watched, 'failing' | 'issuer'> & { issuer: string | null; failing: number }>(
          `SELECT key, owner, ${by} AS at, issuer, failing FROM view_rows
           WHERE view = ? AND ${by} IS NOT NULL${sql} ORDER BY ${by} LIMIT ?`,
          view,
          ...values,
          limit,
        )
        .map(({ issuer, failing, ...row }) => ({ ...row, ...(issuer && { issuer }), failing: failing === 1 }));
    },

    async count(view, query) {
      const { sql, values } = condition(view, query);
      return views.get<{ rows: number }>(`SELECT count(*) AS rows FROM view_rows WHERE ${sql}`, ...values)!.rows;
    },

    async clear() {
      await views.write(() => views.run('DELETE FROM view_rows'));
    },
  };
}

const toViewRow = (row: Row): ViewRow => ({ ...row, doc: JSON.parse(row.doc) });

function condition(view: string, query: Omit<ViewQuery, 'after' | 'limit'>): { sql: string; values: Value[] } {
  const parts = ['view = ?', 'removed = 0'];
  const values: Value[] = [view];
  if (query.owner !== undefined) {
    parts.push('owner = ?');
    values.push(query.owner);
  }
  for (const [member, wanted] of Object.entries(query.where ?? {})) {
    if (!MEMBER.test(member)) throw new TypeError(`not the name of a document's member: ${member}`);
    const path = `$."${member}"`;
    if (typeof wanted === 'string') {
      // Nearly every row is out by this alone, for a fraction of what reading its JSON costs. JSON.stringify wrote the row as well.
      parts.push('instr(doc, ?)');
      values.push(JSON.stringify(wanted));
    }
    // json_each gives an array's elements, a scalar as itself, and an object's members, which are not meant.
    parts.push(
      `(json_type(doc, ?) <> 'object' AND EXISTS (SELECT 1 FROM json_each(doc, ?) AS element WHERE ${equals(wanted)}))`,
    );
    values.push(path, path);
    if (typeof wanted !== 'boolean') values.push(wanted);
  }
  return { sql: parts.join(' AND '), values };
}

// JSON keeps true apart from 1, SQLite's values do not: so the type is compared too.
function equals(wanted: string | number | boolean): string {
  if (typeof wanted === 'boolean') return `element.type = '${wanted}'`;
  const types = typeof wanted === 'string' ? `'text'` : `'integer', 'real'`;
  return `element.type IN (${types}) AND element.atom = ?`;
}
