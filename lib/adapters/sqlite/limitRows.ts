import type { LimitRow, LimitRows, LimitWrite } from '../../ports/limitRows.ts';
import type { Database } from './database.ts';

interface Row {
  key: string;
  version: number;
  doc: string;
}

/** Expired rows that a write takes away with it. */
const SWEPT = 20;

/** Limits of CAs in SQLite, beside the ledger and as durable: what was asked for counts at the CA whatever happens here. */
export function sqliteLimitRows(
  { ledger }: Database,
  { now = () => new Date().toISOString() }: { readonly now?: () => string } = {},
): LimitRows {
  const versionOf = (key: string): number =>
    ledger.get<{ version: number }>('SELECT version FROM limit_rows WHERE key = ?', key)?.version ?? 0;

  return {
    async read(keys) {
      const rows = keys.map((key) => ledger.get<Row>('SELECT key, version, doc FROM limit_rows WHERE key = ?', key));
      return rows.filter((row) => row !== undefined).map(toLimitRow);
    },

    write(rows) {
      const docs = rows.map(({ doc }) => JSON.stringify(doc));
      const before = now();
      return ledger.write(() => {
        if (rows.some(({ key, version }) => versionOf(key) !== version)) return 'conflict';
        for (const [index, row] of rows.entries()) put(row, docs[index]!);
        ledger.run(
          'DELETE FROM limit_rows WHERE key IN (SELECT key FROM limit_rows WHERE expires < ? ORDER BY expires LIMIT ?)',
          before,
          SWEPT,
        );
        return 'written';
      });
    },
  };

  function put({ key, version, expires }: LimitWrite, doc: string): void {
    ledger.run(
      `INSERT INTO limit_rows (key, version, doc, expires) VALUES (?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET version = excluded.version, doc = excluded.doc, expires = excluded.expires`,
      key,
      version + 1,
      doc,
      expires,
    );
  }
}

const toLimitRow = (row: Row): LimitRow => ({ ...row, doc: JSON.parse(row.doc) });
