import { join } from 'node:path';
import { describe } from 'vitest';
import { fileDataKeys } from '../../lib/adapters/localkeys/dataKeys.ts';
import { sqliteChallengeTokens } from '../../lib/adapters/sqlite/challengeTokens.ts';
import { type Database, openDatabase } from '../../lib/adapters/sqlite/database.ts';
import { sqliteEventStore } from '../../lib/adapters/sqlite/eventStore.ts';
import { sqliteFeed } from '../../lib/adapters/sqlite/feed.ts';
import { sqliteHolders } from '../../lib/adapters/sqlite/holders.ts';
import { sqliteLimitRows } from '../../lib/adapters/sqlite/limitRows.ts';
import { sqliteSealedRows } from '../../lib/adapters/sqlite/sealedRows.ts';
import { sqliteViews } from '../../lib/adapters/sqlite/views.ts';
import { secretVault } from '../../lib/adapters/vault/secretVault.ts';
import { tempDir } from '../support/temp.ts';
import { challengeTokensContract, holdersContract } from './challengeTokens.ts';
import { eventStoreContract } from './eventStore.ts';
import { feedContract, type LedgerWithFeed } from './feed.ts';
import type { MakeFixture } from './fixture.ts';
import { limitRowsContract } from './limitRows.ts';
import { vaultContract } from './vault.ts';
import { viewsContract } from './views.ts';

interface Opened<T> {
  readonly port: T;
  /** Before the database is closed. */
  stop?(): Promise<void>;
}

function onSqlite<T>(open: (database: Database, folder: string) => Opened<T>): MakeFixture<T> {
  return async () => {
    const folder = tempDir('sqlite');
    let database: Database;
    let opened: Opened<T>;
    const begin = (): T => {
      database = openDatabase(join(folder, 'chancery.db'));
      opened = open(database, folder);
      return opened.port;
    };
    const close = async () => {
      await opened.stop?.();
      await database.close();
    };
    return {
      port: begin(),
      async reopen() {
        await close();
        return begin();
      },
      close,
    };
  };
}

const simply = <T>(adapter: (database: Database) => T): MakeFixture<T> =>
  onSqlite((database) => ({ port: adapter(database) }));

describe('SQLite', () => {
  eventStoreContract(simply(sqliteEventStore));
  viewsContract(simply(sqliteViews));
  challengeTokensContract(simply(sqliteChallengeTokens));
  holdersContract(simply(sqliteHolders));
  limitRowsContract(simply((database) => sqliteLimitRows(database)));

  feedContract(
    onSqlite((database): Opened<LedgerWithFeed> => {
      const feed = sqliteFeed(database, { pageSize: 4, firstPause: 1, longestPause: 2 });
      return { port: { store: sqliteEventStore(database), feed }, stop: () => feed.stop() };
    }),
  );

  vaultContract(
    onSqlite((database, folder) => {
      const rows = sqliteSealedRows(database);
      const dataKeys = fileDataKeys(join(folder, 'master.key'));
      return { port: { vault: secretVault(rows, dataKeys), rows, dataKeys } };
    }),
  );
});
