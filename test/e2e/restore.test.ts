import { X509Certificate } from 'node:crypto';
import {
  DeleteTableCommand,
  DescribeTableCommand,
  RestoreTableToPointInTimeCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { Route53Client } from '@aws-sdk/client-route-53';
import { DeleteSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rebuildTurn } from '../../functions/views/rebuild.ts';
import * as projections from '../../lib/application/projections.ts';
import { redeliver } from '../../lib/application/redeliver.ts';
import type { Services } from '../../lib/application/services.ts';
import type { Destination } from '../../lib/domain/destination.ts';
import { policyOf } from '../../lib/domain/policy.ts';
import { teamDecider, teamStream } from '../../lib/domain/team.ts';
import type { ViewRow } from '../../lib/ports/views.ts';
import { parseConfig } from '../../lib/stacks/config.ts';
import { clientOf } from '../support/aws.ts';
import { type AwsCore, startAwsCore } from '../support/awsCore.ts';
import { loadCertificate, putCluster, putIssuer, requestCertificate, settled, specOf } from '../support/core.ts';
import { makeTables } from '../support/dynamodb.ts';
import { acmeIssuer, opensslVerify, renew } from '../support/issuing.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { makeHostedZone, startZoneResolver } from '../support/peers/hostedZone.ts';
import { kubeMust } from '../support/peers/kubeClient.ts';
import { type Ministack, startMinistack } from '../support/peers/ministack.ts';
import { type Pebble, startPebble } from '../support/peers/pebble.ts';
import { sharedCluster } from '../support/peers/sharedCluster.ts';

const TEAM = 'shop';
const NAMES = ['app', 'api', 'web'];

const VIEWS = Object.values(projections).filter((one) => typeof one === 'string');

/** Every row of every view. */
async function viewsOf({ views }: Services): Promise<ViewRow[]> {
  return (await Promise.all(VIEWS.map((view) => views.list(view, { limit: 1000 })))).flat();
}

describeWith(['ministack', 'pebble', 'kubernetes', 'openssl'], 'A restore from point-in-time recovery', () => {
  let aws: Ministack;
  let pebble: Pebble;
  let resolver: Awaited<ReturnType<typeof startZoneResolver>>;
  let cluster: Awaited<ReturnType<typeof sharedCluster>>;
  let namespace: string;
  let lost: AwsCore;
  let roots: string;
  /** What the views held before the loss. */
  let before: ViewRow[];

  const inCluster = (name: string): Destination => ({
    kind: 'kubernetes',
    cluster: 'prod',
    namespace,
    secretName: name,
  });
  const secret = { kind: 'secretsManager', name: 'chancery/shop/app' } as const;
  const delivered = async (name: string) => {
    const { data } = (await cluster.secret(namespace, name)) ?? {};
    return data && Buffer.from(data['tls.crt']!, 'base64').toString('utf8');
  };

  beforeAll(async () => {
    aws = await startMinistack();
    cluster = await sharedCluster();
    namespace = await cluster.makeNamespace('restore');
    const zone = await makeHostedZone(new Route53Client(clientOf(aws)), 'example.test');
    resolver = await startZoneResolver([zone]);
    pebble = await startPebble({ dnsServer: resolver.address });
    lost = await startAwsCore(aws, { resolvers: [resolver.address] });
    const { services } = lost;
    const policy = policyOf(TEAM, { names: ['**'], destinations: ['**', 'secretsManager:**'] });
    await services.ledger.handle(teamDecider, teamStream(TEAM), { type: 'Put', policy }, { actor: 'test' });
    await putCluster(services, 'prod', cluster.kubeconfig());
    const solvers = [{ dns01: { route53: { hostedZoneID: zone.id }, nameservers: [resolver.address] } }];
    await putIssuer(services, '-', 'pebble', acmeIssuer(pebble, { solvers }));
    for (const name of NAMES) {
      const destinations = name === 'app' ? [inCluster(name), secret] : [inCluster(name)];
      const issuerRef = { name: 'pebble', kind: 'ClusterIssuer' } as const;
      const spec = specOf({ dnsNames: [`${name}.example.test`], secretName: name, issuerRef, destinations });
      await requestCertificate(services, TEAM, name, spec);
    }
    for (const name of NAMES) await settled(services, TEAM, name, 60_000);
    await renew(services, TEAM, 'api', 1);
    await settled(services, TEAM, 'api', 60_000);
    await lost.idle();
    roots = await pebble.roots();
    before = await viewsOf(services);
  });
  afterAll(async () => {
    await lost?.stop();
    await pebble?.stop();
    await resolver?.stop();
    await aws?.stop();
  });

  /** Tables as they were, under other names: ledger and vault from the backup, views and challenges empty. */
  async function restored(): Promise<AwsCore> {
    const { dynamodb, tables, vaultKey } = lost;
    const fresh = await makeTables(dynamodb, ['views', 'challenges']);
    const names = { ...fresh, ledger: `${tables.ledger}-restored`, sealed: `${tables.sealed}-restored` };
    for (const role of ['ledger', 'sealed'] as const) {
      const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
      await dynamodb.send(
        new UpdateContinuousBackupsCommand({ TableName: tables[role], PointInTimeRecoverySpecification }),
      );
      const latest = { UseLatestRestorableTime: true };
      await dynamodb.send(
        new RestoreTableToPointInTimeCommand({
          SourceTableName: tables[role],
          TargetTableName: names[role],
          ...latest,
        }),
      );
    }
    // A restored table has its indexes, and no stream: that is switched on by hand, and its ARN goes into the configuration.
    const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' } as const;
    await dynamodb.send(new UpdateTableCommand({ TableName: names.ledger, StreamSpecification }));
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: names.ledger }));
    expect(Table!.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName).sort()).toEqual(['due', 'streams']);
    const configured = {
      ledger: { table: names.ledger, stream: Table!.LatestStreamArn! },
      sealed: { table: names.sealed },
    };
    expect(parseConfig({ restored: configured }).restored).toEqual(configured);
    return startAwsCore(aws, { on: { tables: names, vaultKey }, resolvers: [resolver.address] });
  }

  it('brings back the views from the ledger and every copy from the vault, while the CA is out of reach', async () => {
    const again = await restored();
    try {
      // From here on nobody can ask the CA for anything, and the tables that were lost are gone.
      await pebble.stop();
      await lost.idle();
      for (const TableName of [lost.tables.ledger, lost.tables.sealed])
        await lost.dynamodb.send(new DeleteTableCommand({ TableName }));
      const chains = new Map(await Promise.all(NAMES.map(async (name) => [name, await delivered(name)] as const)));
      for (const name of NAMES)
        await kubeMust(cluster.call, 'DELETE', `/api/v1/namespaces/${namespace}/secrets/${name}`);

      const secrets = new SecretsManagerClient(clientOf(aws));
      await secrets.send(new DeleteSecretCommand({ SecretId: secret.name, ForceDeleteWithoutRecovery: true }));

      const { services } = again;
      expect(await viewsOf(services)).toEqual([]);
      const rebuilt = await rebuildTurn(services)({}, { getRemainingTimeInMillis: () => 900_000 });
      expect(rebuilt.done).toBe(true);
      expect(await viewsOf(services)).toEqual(before);

      const page = { limit: 500 };
      expect(await redeliver(services, {}, page, { actor: 'test' })).toEqual({ redelivered: NAMES.length + 1 });
      for (const name of NAMES) await settled(services, TEAM, name, 60_000);
      await again.idle();
      for (const name of NAMES) {
        const chain = (await delivered(name))!;
        expect(chain).toBe(chains.get(name));
        expect(await opensslVerify(chain, roots)).toMatch(/: OK$/);
        const { issued } = await loadCertificate(services, TEAM, name);
        const serial = new X509Certificate(chain).serialNumber.toLowerCase();
        expect(BigInt(`0x${serial}`)).toBe(BigInt(`0x${issued!.serial}`));
      }
      const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: secret.name }));
      expect(JSON.parse(SecretString!)['tls.crt']).toBe(chains.get('app'));
      secrets.destroy();
    } finally {
      await again.stop();
    }
  });
});
