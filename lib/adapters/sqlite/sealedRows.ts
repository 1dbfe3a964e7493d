import type { SealedRow, SealedRows } from '../../ports/secretVault.ts';
import type { Database } from './database.ts';

interface Row {
  ref: string;
  owner: string;
  wrapped_key: Uint8Array;
  iv: Uint8Array;
  ciphertext: Uint8Array;
  tag: Uint8Array;
}

/** Sealed rows in SQLite, beside the ledger and as durable: a key that was sealed must outlive a crash after its CSR has left. */
export function sqliteSealedRows({ ledger }: Database): SealedRows {
  const read = (ref: string): SealedRow | undefined => {
    const row = ledger.get<Row>('SELECT * FROM sealed_rows WHERE ref = ?', ref);
    return row && toSealedRow(row);
  };

  return {
    create: (row) =>
      ledger.write(() => {
        const created = ledger.run(
          `INSERT INTO sealed_rows (ref, owner, wrapped_key, iv, ciphertext, tag) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (ref) DO NOTHING`,
          row.ref,
          row.owner,
          row.wrappedKey,
          row.iv,
          row.ciphertext,
          row.tag,
        );
        return created === 1 ? row : read(row.ref)!;
      }),

    async read(ref) {
      const row = read(ref);
      // A row that is not on the disk yet must not be used: its key would be lost and its CSR gone out.
      await ledger.flushed();
      return row;
    },

    rewrap: (ref, from, to) =>
      ledger.write(
        () =>
          ledger.run('UPDATE sealed_rows SET wrapped_key = ? WHERE ref = ? AND wrapped_key = ?', to, ref, from) === 1,
      ),

    async remove(ref) {
      await ledger.write(() => ledger.run('DELETE FROM sealed_rows WHERE ref = ?', ref));
    },

    async list(limit, after = '') {
      return ledger
        .all<Row>('SELECT * FROM sealed_rows WHERE ref > ? ORDER BY ref LIMIT ?', after, limit)
        .map(toSealedRow);
    },
  };
}

const toSealedRow = ({ wrapped_key, ...row }: Row): SealedRow => ({ ...row, wrappedKey: wrapped_key });
