import { realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { Route53Client } from '@aws-sdk/client-route-53';
import { type Item, sizeOf as rowSize } from '../../lib/adapters/dynamodb/row.ts';
import { ISSUERS } from '../../lib/application/projections.ts';
import type { Services } from '../../lib/application/services.ts';
import { certificateStream } from '../../lib/domain/certificate.ts';
import { clusterStream } from '../../lib/domain/cluster.ts';
import type { Destination } from '../../lib/domain/destination.ts';
import { issuerStream, SHARED } from '../../lib/domain/issuer.ts';
import { policyOf } from '../../lib/domain/policy.ts';
import { teamDecider, teamStream } from '../../lib/domain/team.ts';
import { type Instant, instant } from '../../lib/domain/time.ts';
import type { Clock } from '../../lib/ports/system.ts';
import { clientOf } from '../../test/support/aws.ts';
import { type AwsCore, startAwsCore } from '../../test/support/awsCore.ts';
import { eventually, putCluster, putIssuer, requestCertificate, settled, specOf } from '../../test/support/core.ts';
import { acmeIssuer, renew } from '../../test/support/issuing.ts';
import { makeHostedZone, startZoneResolver } from '../../test/support/peers/hostedZone.ts';
import type { ClusterHelpers } from '../../test/support/peers/kubeHelpers.ts';
import { startKubernetes } from '../../test/support/peers/kubernetes.ts';
import { startMinistack } from '../../test/support/peers/ministack.ts';
import { startPebble } from '../../test/support/peers/pebble.ts';
import { COUNTS, type Count, type Counts } from './counts.ts';
import { meter } from './meter.ts';
import { standingOf } from './standing.ts';

/** Counts every act by the handlers that Lambda runs, on the emulator, with a CA, a hosted zone and a cluster. Takes half a minute. */
export async function countRequests(cluster: ClusterHelpers): Promise<Omit<Counts, 'date'>> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const aws = await startMinistack();
    undo.push(() => aws.stop());
    const zone = await makeHostedZone(new Route53Client(clientOf(aws)), 'example.test');
    const resolver = await startZoneResolver([zone]);
    undo.push(() => resolver.stop());
    const pebble = await startPebble({ dnsServer: resolver.address });
    undo.push(() => pebble.stop());
    const counter = meter();
    const resolvers = [resolver.address];
    const { ahead, clock } = movable();
    const core = await startAwsCore(aws, { ...counter, clock, resolvers });
    undo.push(() => core.stop());
    const { services } = core;
    const policy = policyOf(TEAM, { names: ['**'], destinations: ['**', 'secretsManager:**'] });
    await services.ledger.handle(teamDecider, teamStream(TEAM), { type: 'Put', policy }, { actor: 'cost' });
    await putCluster(services, CLUSTER, cluster.kubeconfig());
    const solvers = [{ dns01: { route53: { hostedZoneID: zone.id }, nameservers: resolvers } }];
    await putIssuer(services, SHARED, ISSUER, acmeIssuer(pebble, { solvers }));
    await eventually('the issuer is ready', async () => {
      const [row] = await services.views.list(ISSUERS, { limit: 1 });
      return row?.doc.ready === 'ready';
    });
    await core.idle();
    const scene = { core, taken: counter.taken, namespace: await cluster.makeNamespace('cost') };
    const issuances = await countIssuances(scene);
    const told = core.measured.length;
    await core.scan();
    const quiet = core.measured.slice(told);
    ahead(DAY);
    const checks = await countChecks(scene);
    return { acts: { ...issuances, ...checks }, standing: standingOf(core.measured, quiet) };
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

const TEAM = 'shop';
const CLUSTER = 'prod';
const ISSUER = 'pebble';
const DAY = 86_400;

interface Scene {
  readonly core: AwsCore;
  readonly taken: () => Omit<Count, 'bytes'>;
  readonly namespace: string;
}

async function countIssuances({ core, taken, namespace }: Scene) {
  const { services } = core;
  /** What it takes until nothing is under way any more; that it is done is looked at afterwards, uncounted. */
  const counted = async (name: string, act: () => Promise<void>): Promise<Count> => {
    const before = await sizeOf(core);
    taken();
    await act();
    await core.idle();
    const count = taken();
    await settled(services, TEAM, name, 60_000);
    return { ...count, bytes: (await sizeOf(core)) - before };
  };
  const copies = (count: number, name: string): Destination[] =>
    Array.from({ length: count }, (_, index) => ({
      kind: 'kubernetes',
      cluster: CLUSTER,
      namespace,
      secretName: `${name}-${index}`,
    }));
  const first = (name: string, names: number, destinations: readonly Destination[]): Promise<Count> =>
    counted(name, () => request(services, name, names, destinations));
  const renewal = (name: string): Promise<Count> => counted(name, () => renew(services, TEAM, name, 1));
  const plain = await first('plain', 1, copies(1, 'plain'));
  await first('names', 11, copies(1, 'names'));
  await first('copies', 1, copies(3, 'copies'));
  await first('secret', 1, [{ kind: 'secretsManager', name: 'chancery/shop/secret' }]);
  return {
    first: plain,
    renewal: await renewal('plain'),
    elevenNames: await renewal('names'),
    threeDestinations: await renewal('copies'),
    secret: await renewal('secret'),
  };
}

/** Scans that find nothing due, and such as find one stream whose look at the other side is due. */
async function countChecks({ core, taken }: Scene) {
  const { store, clock } = core.services;
  const due = async (stream: string, at: Instant): Promise<void> => {
    const { version, dueAt } = (await store.head(stream))!;
    if (dueAt !== undefined) await store.postpone(stream, version, at);
  };
  for (const stream of await store.streams('', 1000)) await due(stream, '9999-01-01T00:00:00.000Z');
  const scanned = async (stream?: string): Promise<Count> => {
    if (stream !== undefined) await due(stream, clock.now());
    taken();
    await core.scan();
    await core.idle();
    return { ...taken(), bytes: 0 };
  };
  return {
    scan: await scanned(),
    clusterCheck: await scanned(clusterStream(CLUSTER)),
    issuerCheck: await scanned(issuerStream(SHARED, ISSUER)),
    certificateCheck: await scanned(certificateStream(TEAM, 'plain')),
  };
}

/** A clock that can be set ahead. */
function movable(): { readonly clock: Clock; ahead(seconds: number): void } {
  let offset = 0;
  return {
    clock: { now: () => instant(Date.now() + offset) },
    ahead(seconds) {
      offset += seconds * 1000;
    },
  };
}

/** Bytes of all rows of the tables, as DynamoDB counts them, the hundred for each row apart. */
async function sizeOf({ dynamodb, tables }: AwsCore): Promise<number> {
  let bytes = 0;
  for (const TableName of Object.values(tables)) {
    let ExclusiveStartKey: Item | undefined;
    do {
      const page = await dynamodb.send(new ScanCommand({ TableName, ExclusiveStartKey }));
      for (const item of page.Items ?? []) bytes += rowSize(item);
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
  }
  return bytes;
}

async function request(
  services: Services,
  name: string,
  names: number,
  destinations: readonly Destination[],
): Promise<void> {
  const dnsNames = Array.from({ length: names }, (_, index) => `${name}-${index}.example.test`);
  const issuerRef = { name: ISSUER, kind: 'ClusterIssuer' } as const;
  await requestCertificate(services, TEAM, name, specOf({ dnsNames, issuerRef, secretName: name, destinations }));
}

/** Counts anew, and keeps it. */
async function main(): Promise<void> {
  const cluster = await startKubernetes();
  try {
    const counts: Counts = { date: new Date().toISOString().slice(0, 10), ...(await countRequests(cluster)) };
    writeFileSync(COUNTS, `${JSON.stringify(counts, null, 2)}\n`);
  } finally {
    await cluster.stop();
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
