import { randomBytes } from 'node:crypto';
import { KMSClient } from '@aws-sdk/client-kms';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dynamodbClient } from '../../../lib/adapters/dynamodb/client.ts';
import { dynamodbEventStore } from '../../../lib/adapters/dynamodb/eventStore.ts';
import { unpacked } from '../../../lib/adapters/dynamodb/row.ts';
import { dynamodbSealedRows } from '../../../lib/adapters/dynamodb/sealedRows.ts';
import { kmsDataKeys } from '../../../lib/adapters/kms/dataKeys.ts';
import { secretVault } from '../../../lib/adapters/vault/secretVault.ts';
import { DEPLOYING, type Deployed, deployed } from '../../support/deployed.ts';
import { leaks, sealedKeys } from '../../support/leaks.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { newTsigSecret } from '../../support/peers/dns.ts';
import { executionOf, machineArn, soon, startTenant, type Tenant } from '../../support/tenant.ts';

const TEAM = 'leak';
const TABLES = ['ledger', 'views', 'sealed', 'challenges'] as const;

/** In the whole installation: of the suites before it, too. */
describeWith(['ministack', 'pebble', 'kubernetes'], 'On the deployed app, what is secret', () => {
  let app: Deployed;
  let leak: Tenant;
  beforeAll(async () => {
    app = await deployed();
    leak = await startTenant(app, TEAM);
  }, DEPLOYING);
  afterAll(() => leak?.stop());

  it('is in no history of an execution, no log, no variable of a function and no row of a table', async () => {
    const secrets = new Map([['admin token', app.admin]]);
    secrets.set('cluster token', leak.clusterToken);
    const tsig = newTsigSecret();
    const wrongToken = randomBytes(24).toString('base64url');
    secrets.set('TSIG secret', tsig).set('wrong cluster token', wrongToken);
    const put = (path: string, body: object) => app.request('PUT', path, { body });
    const { json: issued } = await app.request('POST', '/v1/tokens', {
      body: { team: TEAM, verbs: ['read', 'key'], expiresIn: '1h' },
    });
    secrets.set('team token', issued.token);

    await leak.request('web');
    await leak.settled('web');
    const at = `/v1/teams/${TEAM}`;
    expect((await app.request('GET', `${at}/certificates/web/pem?key=true`, { token: issued.token })).status).toBe(200);

    await put(`${at}/credentials/tsig`, { data: { secret: tsig } });
    const rfc2136 = {
      nameserver: app.resolver,
      tsigKeyName: 'key',
      tsigAlgorithm: 'HMACSHA256',
      tsigSecretSecretRef: { name: 'tsig', key: 'secret' },
    };
    const { front } = leak;
    const solvers = [{ dns01: { rfc2136, nameservers: [app.resolver] } }];
    const acme = { server: front.directoryUrl, caBundle: front.caPem, profile: 'default', solvers };
    expect((await put(`${at}/issuers/tsig`, { spec: { acme } })).status).toBe(201);
    const refused = { dnsNames: ['no.leak.example.test'], issuerRef: { name: 'tsig' }, secretName: 'no' };
    await put(`${at}/certificates/no`, { spec: refused });
    await failing('no');
    // A body that is refused is neither kept nor logged.
    expect((await put(`/v1/clusters/${TEAM}-wrong`, { kubeconfig: leak.kubeconfig(wrongToken) })).status).toBe(201);
    expect((await put(`/v1/clusters/bad`, { kubeconfig: `exec: ${wrongToken}` })).status).toBe(422);

    for (const [what, key] of await keysOf(app)) secrets.set(what, key);
    expect([...secrets.keys()].filter((name) => name.startsWith('key ')).length).toBeGreaterThan(1);

    const texts = await everythingOf(app);
    expect(texts.map(([where]) => where)).toEqual(expect.arrayContaining([...TABLES, 'execution', 'log', 'function']));
    expect(texts.flatMap(([where, text]) => leaks(secrets, where, text))).toEqual([]);
    for (const [where, text] of texts) expect(text, where).not.toMatch(/-----BEGIN [A-Z ]*PRIVATE KEY/);
    // The search itself is not blind: it finds what lies open by intent.
    expect(leaks(secrets, 'the cluster', JSON.stringify(await leak.secret('web')))).not.toEqual([]);
  });

  const failing = (name: string) =>
    soon(`${name} fails`, async () => {
      const { issuance } = (await leak.describe(name)).status;
      if (issuance?.status !== 'failed') throw new Error(JSON.stringify(issuance));
    });
});

/** What the vault holds, opened with the installation's own key. */
async function keysOf(app: Deployed): Promise<Map<string, string>> {
  const { VAULT_KEY } = await app.environmentOf('api');
  const tables = TABLES.map((role) => [role, app.table(role)] as const);
  const options = { client: dynamodbClient(app.client), tableNames: Object.fromEntries(tables) as never };
  const vault = secretVault(dynamodbSealedRows(options), kmsDataKeys(new KMSClient(app.client), { keyId: VAULT_KEY! }));
  return sealedKeys({ store: dynamodbEventStore(options), vault });
}

/** All that the emulator keeps where people look: by kind, and as text. */
async function everythingOf(app: Deployed): Promise<(readonly [where: string, text: string])[]> {
  const found: (readonly [string, string])[] = [];
  for (const role of TABLES) found.push([role, await rowsOf(app, role)]);
  const sfn = new SFNClient(app.client);
  for (const machine of ['issueCertificate', 'deliverSecret']) {
    const { executions } = await sfn.send(
      new ListExecutionsCommand({ stateMachineArn: await machineArn(app, machine) }),
    );
    for (const { executionArn } of executions!)
      found.push(['execution', (await executionOf(app, executionArn!))!.text]);
  }
  for (const name of await app.logGroups()) found.push(['log', await app.logOf(name)]);
  for (const name of ['api', 'challenge', 'push', 'react', 'scan']) {
    found.push(['function', JSON.stringify(await app.environmentOf(name))]);
  }
  found.push(['dead letters', (await app.deadLetters()).join('\n')]);
  return found;
}

type Value = { readonly S?: string; readonly N?: string; readonly B?: string };

/** A table's rows with what is packed in them unpacked. */
async function rowsOf(app: Deployed, role: (typeof TABLES)[number]): Promise<string> {
  const lines: string[] = [];
  let ExclusiveStartKey: object | undefined;
  do {
    const page = await app.json<{ Items: Record<string, Value>[]; LastEvaluatedKey?: object }>(
      'dynamodb',
      'DynamoDB_20120810.Scan',
      { TableName: app.table(role), ...(ExclusiveStartKey && { ExclusiveStartKey }) },
    );
    for (const item of page.Items) lines.push(JSON.stringify(item), ...Object.values(item).map(plain));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return lines.join('\n');
}

function plain({ S, N, B }: Value): string {
  if (B === undefined) return S ?? N ?? '';
  const octets = Buffer.from(B, 'base64');
  try {
    return unpacked({ B: octets });
  } catch {
    // What is sealed is not packed.
    return octets.toString('latin1');
  }
}
