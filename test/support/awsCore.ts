import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { Route53Client } from '@aws-sdk/client-route-53';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { scheduledScan } from '../../functions/schedule/scan.ts';
import { projectBatch } from '../../functions/stream/project.ts';
import { reactBatch } from '../../functions/stream/react.ts';
import { acmeServer } from '../../lib/adapters/acme/acmeServer.ts';
import { destinations } from '../../lib/adapters/destinations.ts';
import { caaRecords } from '../../lib/adapters/dns/caaRecords.ts';
import { dnsProvider } from '../../lib/adapters/dns/dnsProvider.ts';
import { dnsProviders } from '../../lib/adapters/dnsProviders.ts';
import { dynamodbChallengeTokens } from '../../lib/adapters/dynamodb/challengeTokens.ts';
import { dynamodbEventStore } from '../../lib/adapters/dynamodb/eventStore.ts';
import { dynamodbHolders } from '../../lib/adapters/dynamodb/holders.ts';
import { commitRow } from '../../lib/adapters/dynamodb/ledgerRows.ts';
import { dynamodbLimitRows } from '../../lib/adapters/dynamodb/limitRows.ts';
import type { Item } from '../../lib/adapters/dynamodb/row.ts';
import { dynamodbSealedRows } from '../../lib/adapters/dynamodb/sealedRows.ts';
import type { TableNames } from '../../lib/adapters/dynamodb/tables.ts';
import { dynamodbViews } from '../../lib/adapters/dynamodb/views.ts';
import { eventBridgeBus } from '../../lib/adapters/eventbridge/bus.ts';
import { kmsDataKeys } from '../../lib/adapters/kms/dataKeys.ts';
import { kubernetesClusters } from '../../lib/adapters/kubernetes/clusters.ts';
import { kubernetesDestinations } from '../../lib/adapters/kubernetes/destinations.ts';
import { httpClient } from '../../lib/adapters/net/client.ts';
import { addressGuard } from '../../lib/adapters/net/guard.ts';
import { route53DnsProvider } from '../../lib/adapters/route53/dnsProvider.ts';
import { secretsManagerDestinations } from '../../lib/adapters/secretsManager/destinations.ts';
import { secretVault } from '../../lib/adapters/vault/secretVault.ts';
import { x509 } from '../../lib/adapters/x509/x509.ts';
import { clusterAccess } from '../../lib/application/clusters.ts';
import { copyObserver } from '../../lib/application/drift.ts';
import { Ledger } from '../../lib/application/ledger.ts';
import type { ScanResult } from '../../lib/application/scan.ts';
import type { Services } from '../../lib/application/services.ts';
import type { Commit, EventStore } from '../../lib/ports/eventStore.ts';
import type { Measurement } from '../../lib/ports/metrics.ts';
import type { Clock } from '../../lib/ports/system.ts';
import { systemClock, systemIds } from '../../server/system.ts';
import { embeddedWorkflows, type WorkflowObserver } from '../../server/workflows.ts';
import { clientOf as plainClientOf } from './aws.ts';
import { eventually } from './core.ts';
import { clientOf, makeTables } from './dynamodb.ts';
import type { Ministack } from './peers/ministack.ts';

/**
 * The service on the emulator's tables, keys and bus, with the handlers that Lambda runs: the readers of the feed, the scan, and the steps, whose
 * machines run in this process. It is quick to make where a deployed app would show no more.
 */
export interface AwsCore {
  readonly services: Services;
  readonly dynamodb: DynamoDBClient;
  readonly tables: TableNames;
  /** The key that wraps the vault's data keys. */
  readonly vaultKey: string;
  /** What the schedule starts. */
  scan(): Promise<ScanResult>;
  /** What the scan and the steps measured so far. */
  readonly measured: readonly Measurement[];
  /** Resolves when nothing is under way: no record of the feed, no execution. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** A client of the SDK, whichever: what can be added to the stack depends on its commands. */
export interface AnyClient {
  readonly middlewareStack: unknown;
}

export interface AwsCoreOptions {
  /** Tables and key that are there; new ones when absent. */
  readonly on?: Pick<AwsCore, 'tables' | 'vaultKey'>;
  /** Where names are looked up. */
  readonly resolvers?: readonly string[];
  /** The machine's own when absent. */
  readonly clock?: Clock;
  /** Told of each client that was made. */
  readonly watch?: (client: AnyClient) => void;
  /** Told of each call of a function: a step by its state, and `project`, `react`, `scan`. */
  readonly called?: (name: string) => void;
  /** Told of each start of a machine that was asked for. */
  readonly started?: (machine: string) => void;
}

export async function startAwsCore(aws: Ministack, options: AwsCoreOptions = {}): Promise<AwsCore> {
  const { watch = () => {}, called = () => {}, started = () => {}, clock = systemClock, resolvers } = options;
  const watched = <C extends AnyClient>(client: C): C => {
    watch(client);
    return client;
  };
  const config = plainClientOf(aws);
  const dynamodb = clientOf(aws);
  const kms = new KMSClient(config);
  const on = options.on ?? {
    tables: await makeTables(dynamodb, ['ledger', 'views', 'sealed', 'challenges']),
    vaultKey: (await kms.send(new CreateKeyCommand({}))).KeyMetadata!.Arn!,
  };
  for (const client of [dynamodb, kms]) watch(client);
  const events = new EventBridgeClient(config);
  const bus = `bus-${randomUUID()}`;
  await events.send(new CreateEventBusCommand({ Name: bus }));
  watch(events);
  const route53 = watched(new Route53Client(config));
  const secrets = watched(new SecretsManagerClient(config));

  const table = { client: dynamodb, tableNames: on.tables };
  const feed = follower(dynamodbEventStore(table));
  const http = httpClient({ allow: ['*'] });
  const acme = acmeServer({ http, clock, userAgent: 'chancery/test' });
  const ledger = new Ledger(feed.store, clock, systemIds);
  const vault = secretVault(dynamodbSealedRows(table), kmsDataKeys(kms, { keyId: on.vaultKey }));
  const dns = dnsProvider({ http, guard: addressGuard(['*']), ...(resolvers && { resolvers }) });
  const measured: Measurement[] = [];
  const observer: WorkflowObserver = { task: (state) => called(state) };
  const workflows = embeddedWorkflows(() => services, { observer });
  const services: Services = {
    instance: 'test',
    ledger,
    store: feed.store,
    views: dynamodbViews(table),
    vault,
    workflows: {
      start(machine, name, input) {
        started(machine);
        return workflows.start(machine, name, input);
      },
    },
    acme,
    dns: dnsProviders({ dns, route53: route53DnsProvider({ client: () => route53, dns }) }),
    caa: caaRecords(resolvers, 2000),
    challengeTokens: dynamodbChallengeTokens(table),
    holders: dynamodbHolders(table),
    limits: dynamodbLimitRows(table),
    x509: x509(),
    destinations: destinations({
      kubernetes: kubernetesDestinations({ http, lookup: (cluster) => clusterAccess({ ledger, vault }, cluster) }),
      secretsManager: secretsManagerDestinations({ client: () => secrets }),
    }),
    clusters: kubernetesClusters({ http }),
    clock,
    ids: systemIds,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    metrics: (found) => void measured.push(...found),
  };
  const project = projectBatch(services);
  const react = reactBatch({ ...services, bus: eventBridgeBus(events, { bus, source: 'chancery.test' }) });
  feed.follow(async (commit) => {
    const batch = { Records: [recordOf(commit)] };
    called('project');
    called('react');
    await Promise.all([project(batch), react(batch)]);
  });
  const scan = scheduledScan({ ...services, copies: copyObserver(services), metrics: services.metrics! });
  return {
    ...on,
    services,
    dynamodb,
    measured,
    scan() {
      called('scan');
      return scan();
    },
    async idle() {
      await eventually('nothing is under way', async () => feed.waiting === 0 && workflows.running === 0, 60_000);
    },
    async stop() {
      await workflows.stop();
      await acme.close();
      await http.close();
      for (const client of [dynamodb, kms, events, route53, secrets]) client.destroy();
    },
  };
}

/** A store that tells of each commit after it was written, each stream's in order, as the table's stream does. */
function follower(inner: EventStore) {
  const turns = new Map<string, Promise<void>>();
  let waiting = 0;
  let tell: (commit: Commit) => Promise<void> = async () => {};
  const store: EventStore = Object.assign(Object.create(inner), inner, {
    async append(commit: Commit, head: Parameters<EventStore['append']>[1]) {
      const answer = await inner.append(commit, head);
      if (answer === 'appended') {
        waiting++;
        const turn = (turns.get(commit.stream) ?? Promise.resolve())
          .then(() => tell(commit))
          .catch(() => undefined)
          .finally(() => waiting--);
        turns.set(commit.stream, turn);
      }
      return answer;
    },
  });
  return {
    store,
    follow: (to: typeof tell) => {
      tell = to;
    },
    get waiting() {
      return waiting;
    },
  };
}

/** The record that the table's stream has of a commit. */
function recordOf(commit: Commit) {
  const wire = ({ stream, item, ...rest }: Item) =>
    Object.fromEntries(
      Object.entries({ stream, item, ...rest }).map(([name, value]) => [
        name,
        value?.B ? { B: Buffer.from(value.B).toString('base64') } : { S: value?.S },
      ]),
    );
  const image = wire(commitRow(commit));
  const Keys = { stream: image.stream!, item: image.item! };
  const SequenceNumber = `${commit.stream}@${commit.version}`;
  return { eventName: 'INSERT', dynamodb: { SequenceNumber, Keys, NewImage: image } };
}
