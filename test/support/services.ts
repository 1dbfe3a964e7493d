import { join } from 'node:path';
import { parseKubeconfig } from '../../lib/adapters/kubernetes/kubeconfig.ts';
import { fileDataKeys } from '../../lib/adapters/localkeys/dataKeys.ts';
import { sqliteChallengeTokens } from '../../lib/adapters/sqlite/challengeTokens.ts';
import { openDatabase } from '../../lib/adapters/sqlite/database.ts';
import { sqliteEventStore } from '../../lib/adapters/sqlite/eventStore.ts';
import { sqliteFeed } from '../../lib/adapters/sqlite/feed.ts';
import { sqliteHolders } from '../../lib/adapters/sqlite/holders.ts';
import { sqliteLimitRows } from '../../lib/adapters/sqlite/limitRows.ts';
import { sqliteSealedRows } from '../../lib/adapters/sqlite/sealedRows.ts';
import { sqliteViews } from '../../lib/adapters/sqlite/views.ts';
import { secretVault } from '../../lib/adapters/vault/secretVault.ts';
import { x509 } from '../../lib/adapters/x509/x509.ts';
import { Ledger } from '../../lib/application/ledger.ts';
import { project } from '../../lib/application/projections.ts';
import type { Services } from '../../lib/application/services.ts';
import type { Clock, Log } from '../../lib/ports/system.ts';
import { systemClock, systemIds } from '../../server/system.ts';
import { tempDir } from './temp.ts';

/** A line that was logged. */
export interface Logged {
  readonly level: keyof Log;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Services on a SQLite file of their own, with views that follow the ledger. Nothing reacts: what a test wants to happen, it does itself. */
export interface TestServices {
  readonly services: Services;
  readonly logged: readonly Logged[];
  /** Resolves when the views show all that was written. */
  projected(): Promise<void>;
  close(): Promise<void>;
}

/** A port that no test of this kind may reach. */
const absent = <T extends object>(port: string): T =>
  new Proxy({} as T, {
    get: (_, verb) => () => {
      throw new Error(`${port}.${String(verb)} was called, and there is no ${port} here`);
    },
  });

/**
 * Makes services with the real ledger, views, vault and X.509. There is no CA, no DNS, no destination, no cluster and no state machine here.
 */
export function testServices(options: { readonly clock?: Clock } = {}): TestServices {
  const folder = tempDir('services');
  const database = openDatabase(join(folder, 'chancery.db'));
  const store = sqliteEventStore(database);
  const clock = options.clock ?? systemClock;
  const ledger = new Ledger(store, clock, systemIds);
  const views = sqliteViews(database);
  const logged: Logged[] = [];
  const log =
    (level: keyof Log) =>
    (message: string, fields: Logged['fields'] = {}) =>
      void logged.push({ level, message, fields });
  const services: Services = {
    instance: 'test',
    ledger,
    store,
    views,
    vault: secretVault(sqliteSealedRows(database), fileDataKeys(join(folder, 'master.key'))),
    workflows: absent('workflows'),
    acme: absent('acme'),
    dns: absent('dns'),
    caa: { relevant: async () => [] },
    challengeTokens: sqliteChallengeTokens(database),
    holders: sqliteHolders(database),
    limits: sqliteLimitRows(database, { now: clock.now }),
    x509: x509(),
    destinations: absent('destinations'),
    clusters: { ...absent<Services['clusters']>('clusters'), parseKubeconfig },
    clock,
    ids: systemIds,
    log: { info: log('info'), warn: log('warn'), error: log('error') },
  };
  const feed = sqliteFeed(database);
  feed.subscribe('project', ({ commit }) => project(services, commit.stream));
  feed.start();
  return {
    services,
    logged,
    projected: () => feed.drained(),
    async close() {
      await feed.stop();
      await database.close();
    },
  };
}
