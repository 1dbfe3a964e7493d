import {
  DescribeTableCommand,
  DynamoDBClient,
  RestoreTableToPointInTimeCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { DeleteSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cli } from '../../support/cli.ts';
import { DEPLOYING, type Deployed, deployed } from '../../support/deployed.ts';
import { opensslVerify } from '../../support/issuing.ts';
import { redeploy } from '../../support/peers/deployment.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { kubeMust } from '../../support/peers/kubeClient.ts';
import { sharedCluster } from '../../support/peers/sharedCluster.ts';
import { soon, startTenant, type Tenant } from '../../support/tenant.ts';

const TEAM = 'restored';
const WRITERS = ['api', 'scan', 'react', 'project'];

/**
 * The procedure of docs/aws-upkeep.md, with the commands of the CDK and of `chancery`. The emulator restores a table to what it is now, and to no
 * earlier second. Suites that come after go on with the restored tables.
 */
describeWith(['ministack', 'pebble', 'kubernetes', 'openssl'], 'The deployed app, restored', () => {
  let app: Deployed;
  let tenant: Tenant;
  beforeAll(async () => {
    app = await deployed();
    tenant = await startTenant(app, TEAM);
  }, DEPLOYING);
  afterAll(async () => {
    for (const name of WRITERS) await app?.limit(name, undefined);
    await tenant?.stop();
  });

  /** Restores a table under a name that no restore before had. */
  async function restore(role: 'ledger' | 'sealed'): Promise<{ readonly table: string; readonly stream: string }> {
    const dynamodb = new DynamoDBClient(app.client);
    const table = `${app.instance}-${role}-${Date.now()}`;
    const names = { SourceTableName: app.table(role), TargetTableName: table };
    await dynamodb.send(new RestoreTableToPointInTimeCommand({ ...names, UseLatestRestorableTime: true }));
    const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' } as const;
    if (role === 'ledger') await dynamodb.send(new UpdateTableCommand({ TableName: table, StreamSpecification }));
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: table }));
    dynamodb.destroy();
    return { table, stream: Table!.LatestStreamArn! };
  }

  it('has its views from the ledger and every copy from the vault, asks no CA for them, and goes on', async () => {
    const copy = { kind: 'secretsManager', name: `chancery/${TEAM}/web` } as const;
    await tenant.request('web', undefined, copy);
    await tenant.settled('web');
    const before = await tenant.delivered('web');
    const [ledger, { table: sealed }] = [await restore('ledger'), await restore('sealed')];
    const lost = `/v1/teams/lost-${Date.now()}`;
    expect((await app.request('PUT', lost, { body: {} })).status).toBe(201);

    for (const name of WRITERS) await app.limit(name, 0);
    await redeploy(app, { restored: { ledger, sealed: { table: sealed } } });
    expect(await app.invoke('rebuild', { restart: true })).toMatchObject({ done: true });
    for (const name of WRITERS) await app.limit(name, undefined);

    const asked = tenant.front.seen.length;
    const cluster = await sharedCluster();
    await kubeMust(cluster.call, 'DELETE', `/api/v1/namespaces/${tenant.namespace}/secrets/web`);
    const secrets = new SecretsManagerClient(app.client);
    await secrets.send(new DeleteSecretCommand({ SecretId: copy.name, ForceDeleteWithoutRecovery: true }));
    expect((await app.request('GET', lost)).status).toBe(404);
    expect((await app.request('GET', `/v1/teams/${TEAM}/certificates`)).json.items).toMatchObject([{ name: 'web' }]);
    const { code, stdout } = await cli(['redeliver', '--all', '--rate', '100'], app.cli);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^\d+ copies are being pushed again\n$/)]);

    const { SecretString } = await soon('both copies are back', async () => {
      if (!(await tenant.secret('web'))) throw new Error('not in the cluster');
      return secrets.send(new GetSecretValueCommand({ SecretId: copy.name }));
    });
    const after = await tenant.delivered('web');
    expect([after.chain, JSON.parse(SecretString!)['tls.crt']]).toEqual([before.chain, before.chain]);
    expect(await opensslVerify(after.chain, await tenant.pebble.roots())).toMatch(/: OK$/);
    await tenant.settled('web');
    expect(tenant.front.seen.length).toBe(asked);

    // The feed is that of the restored table now.
    await tenant.request('next');
    await tenant.settled('next');
    secrets.destroy();
  });
});
