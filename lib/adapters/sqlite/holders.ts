import type { Holders } from '../../ports/challengeTokens.ts';
import type { Database } from './database.ts';

/** Who needs which presented value, in SQLite. */
export function sqliteHolders({ ledger }: Database): Holders {
  return {
    async hold(value, holder) {
      await ledger.write(() =>
        ledger.run('INSERT OR IGNORE INTO holders (value, holder) VALUES (?, ?)', value, holder),
      );
    },

    release: (value, holder) =>
      ledger.write(() => {
        ledger.run('DELETE FROM holders WHERE value = ? AND holder = ?', value, holder);
        return ledger.get('SELECT 1 FROM holders WHERE value = ? LIMIT 1', value) === undefined;
      }),
  };
}
