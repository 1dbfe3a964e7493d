import { type AcmeServerOptions, acmeServer } from '../lib/adapters/acme/acmeServer.ts';
import { destinations } from '../lib/adapters/destinations.ts';
import { directoryDestinations } from '../lib/adapters/directory/destinations.ts';
import { caaRecords } from '../lib/adapters/dns/caaRecords.ts';
import { dnsProvider } from '../lib/adapters/dns/dnsProvider.ts';
import type { Lag } from '../lib/adapters/dns/propagation.ts';
import { dnsProviders } from '../lib/adapters/dnsProviders.ts';
import { kubernetesClusters } from '../lib/adapters/kubernetes/clusters.ts';
import { kubernetesDestinations } from '../lib/adapters/kubernetes/destinations.ts';
import { fileDataKeys } from '../lib/adapters/localkeys/dataKeys.ts';
import { httpClient } from '../lib/adapters/net/client.ts';
import { addressGuard } from '../lib/adapters/net/guard.ts';
import type { HttpClient } from '../lib/adapters/net/http.ts';
import { sqliteChallengeTokens } from '../lib/adapters/sqlite/challengeTokens.ts';
import { type Database, openDatabase } from '../lib/adapters/sqlite/database.ts';
import { sqliteEventStore } from '../lib/adapters/sqlite/eventStore.ts';
import { sqliteFeed } from '../lib/adapters/sqlite/feed.ts';
import { sqliteHolders } from '../lib/adapters/sqlite/holders.ts';
import { sqliteLimitRows } from '../lib/adapters/sqlite/limitRows.ts';
import { sqliteSealedRows } from '../lib/adapters/sqlite/sealedRows.ts';
import { sqliteViews } from '../lib/adapters/sqlite/views.ts';
import { opens, secretVault } from '../lib/adapters/vault/secretVault.ts';
import { x509 } from '../lib/adapters/x509/x509.ts';
import { clusterAccess } from '../lib/application/clusters.ts';
import { Ledger } from '../lib/application/ledger.ts';
import type { Services } from '../lib/application/services.ts';
import { Refusal } from '../lib/domain/refusal.ts';
import type { DataKeys } from '../lib/ports/dataKeys.ts';
import type { Feed } from '../lib/ports/feed.ts';
import type { Metrics } from '../lib/ports/metrics.ts';
import type { SealedRows } from '../lib/ports/secretVault.ts';
import type { Log } from '../lib/ports/system.ts';
import type { DataFolder } from './dataFolder.ts';
import { systemClock, systemIds } from './system.ts';
import { type EmbeddedWorkflows, embeddedWorkflows, type WorkflowObserver, type WorkflowOptions } from './workflows.ts';

/** What the embedded service is made with. */
export interface ComposeOptions {
  readonly folder: DataFolder;
  readonly version: string;
  /** Private addresses that the service may dial: `host`, `host:port`, a CIDR block, or `*`. */
  readonly allow: readonly string[];
  /** Directories under which directory destinations may lie. */
  readonly directoryRoots: readonly string[];
  /** The key file, when it lies outside the data folder. */
  readonly keyFile?: string;
  /** Recursive resolvers for CNAME and NS look-ups; the system's when absent. */
  readonly resolvers?: readonly string[];
  readonly log: Log;
  readonly observer?: WorkflowObserver;
  /** Counts outcomes. */
  readonly metrics?: Metrics;
  /** Told of each request to a CA. */
  readonly observeAcme?: AcmeServerOptions['observe'];
  /** For tests: other steps, shorter waits. */
  readonly workflows?: Omit<WorkflowOptions, 'observer'>;
  /** Lets a test stand between the application and its ports. */
  readonly decorate?: (services: Services) => Services;
}

/** Everything that one process holds open. */
export interface Composed {
  readonly services: Services;
  readonly http: HttpClient;
  readonly feed: Feed;
  readonly workflows: EmbeddedWorkflows;
  /** Whether the ledger can be written. */
  writable(): Promise<boolean>;
  close(): Promise<void>;
}

/** Milliseconds for one try of a look-up of CAA records. */
const CAA_TIMEOUT = 2000;

/** More than one, so that a single damaged row does not make a stranger of the key file. */
const TRIED_ROWS = 5;

/** The embedded wiring: every port on its local adapter. The only place that knows them all. */
export async function compose(options: ComposeOptions): Promise<Composed> {
  const { folder, log, allow } = options;
  const database = openDatabase(folder.database);
  const store = sqliteEventStore(database);
  const ledger = new Ledger(store, systemClock, systemIds);
  const rows = sqliteSealedRows(database);
  const vault = secretVault(rows, await keyFile(rows, options.keyFile ?? folder.keyFile).catch(closing(database)));
  const http = httpClient({ allow });
  const onError = (error: unknown, consumer: string): void =>
    log.error('feed: a record could not be handled', { consumer, error: (error as Error).message });
  const onLag = (lag: Lag): void => log.info('dns: a value is not published everywhere yet', { ...lag });
  const feed = sqliteFeed(database, { onError });
  const acme = acmeServer({
    http,
    clock: systemClock,
    userAgent: `chancery/${options.version}`,
    observe: options.observeAcme,
  });
  const lookup = (cluster: string) => clusterAccess({ ledger, vault }, cluster);
  const workflows = embeddedWorkflows(() => services, { ...options.workflows, observer: options.observer });
  const plain: Services = {
    instance: folder.instance,
    ledger,
    store,
    views: sqliteViews(database),
    vault,
    workflows,
    acme,
    dns: dnsProviders({ dns: dnsProvider({ http, guard: addressGuard(allow), resolvers: options.resolvers, onLag }) }),
    caa: caaRecords(options.resolvers, CAA_TIMEOUT),
    challengeTokens: sqliteChallengeTokens(database),
    holders: sqliteHolders(database),
    limits: sqliteLimitRows(database),
    x509: x509(),
    destinations: destinations({
      kubernetes: kubernetesDestinations({ http, lookup }),
      directory: directoryDestinations({ roots: options.directoryRoots }),
    }),
    clusters: kubernetesClusters({ http }),
    clock: systemClock,
    ids: systemIds,
    log,
    metrics: options.metrics,
  };
  const services = options.decorate ? options.decorate(plain) : plain;
  return {
    services,
    http,
    feed,
    workflows,
    writable: database.writable,
    async close() {
      await feed.stop();
      await workflows.stop();
      await acme.close();
      await http.close();
      await database.close();
    },
  };
}

/**
 * The key file. A new one is made only while nothing is sealed: with sealed rows, a missing file is a loss that nothing may cover up, and so is
 * another one.
 */
export async function keyFile(rows: SealedRows, path: string): Promise<DataKeys> {
  const sealed = await rows.list(TRIED_ROWS);
  const keys = fileDataKeys(path, { create: sealed.length === 0 });
  for (const row of sealed) if (await opens(keys, row)) return keys;
  if (sealed.length === 0) return keys;
  throw new Refusal('KeyFileOther', `The key file ${path} does not open what is sealed in this data folder.`, {
    remedy:
      'Put the key file of this data folder back from its backup, or name the place where it is: --key-file FILE.',
  });
}

const closing =
  (database: Database) =>
  async (error: unknown): Promise<never> => {
    await database.close();
    throw error;
  };
