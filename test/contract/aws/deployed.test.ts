import { X509Certificate } from 'node:crypto';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clientOf } from '../../support/aws.ts';
import { type Deployed, deploy } from '../../support/deployed.ts';
import { describeWith } from '../../support/peers/describeWith.ts';

const SECRET = 'chancery/demo/web';
const CERTIFICATE = '/v1/teams/demo/certificates/web';

describeWith(['ministack'], 'The app, deployed to the emulator', () => {
  let deployed: Deployed;
  let token: string;
  const ask = (method: string, path: string, body?: unknown) => deployed.request(method, path, { token, body });

  beforeAll(async () => {
    deployed = await deploy();
    ({ token } = (await deployed.invoke('adminToken')) as { token: string });
  }, 400_000);
  afterAll(() => deployed?.stop());

  it('is ready, and tells anybody so', async () => {
    const { status, json } = await deployed.request('GET', '/readyz');
    expect({ status, json }).toEqual({ status: 200, json: { status: 'ok', checks: { ledger: 'ok' } } });
  });

  it('refuses who brings no token, as the embedded service does', async () => {
    const { status, headers, json } = await deployed.request('GET', '/v1/teams');
    expect(status).toBe(401);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(json.code).toBe('TokenMissing');
  });

  it('issues a certificate, and delivers it to Secrets Manager', async () => {
    const policy = { names: ['**.example.com'], issuers: ['*'], destinations: ['secretsManager:**'] };
    expect((await ask('PUT', '/v1/teams/demo', { policy })).status).toBe(201);
    expect((await ask('PUT', '/v1/teams/demo/issuers/own', { spec: { selfSigned: {} } })).status).toBe(201);
    const spec = {
      dnsNames: ['web.example.com'],
      issuerRef: { name: 'own' },
      destinations: [{ kind: 'secretsManager', name: SECRET }],
    };
    expect((await ask('PUT', CERTIFICATE, { spec })).status).toBe(201);

    const secrets = new SecretsManagerClient(clientOf(deployed.aws));
    const { SecretString } = await soon(() => secrets.send(new GetSecretValueCommand({ SecretId: SECRET })));
    const value = JSON.parse(SecretString!) as Record<string, string>;
    const leaf = new X509Certificate(value['tls.crt']!);
    expect(leaf.subjectAltName).toBe('DNS:web.example.com');
    expect(leaf.verify(leaf.publicKey)).toBe(true);
    const events = (await ask('GET', `${CERTIFICATE}/events`)).json.events as { type: string }[];
    expect(events.map(({ type }) => type)).toContain('issued');
  }, 120_000);

  it('takes one execution for it, of eight states', async () => {
    const sfn = new SFNClient(clientOf(deployed.aws));
    const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}));
    const { stateMachineArn } = stateMachines.find(({ name }) => name === 'chancery-issueCertificate')!;
    const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn }));
    expect(executions.map(({ status }) => status)).toEqual(['SUCCEEDED']);
    const { executionArn } = executions[0]!;
    const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
    const entered = events.flatMap(({ stateEnteredEventDetails: state }) => (state?.name ? [state.name] : []));
    expect(entered).toEqual([
      'Order',
      'OrderDone',
      'Challenge',
      'ChallengeDone',
      'Finalize',
      'FinalizeDone',
      'Store',
      'CleanUp',
    ]);
    expect(JSON.stringify(events)).not.toContain('PRIVATE KEY');
  });

  it('shows it in lists, which the feed keeps', async () => {
    const names = await soon(async () => {
      const { items } = (await ask('GET', '/v1/teams/demo/certificates')).json as {
        items: { name: string; ready: boolean }[];
      };
      if (!items[0]?.ready) throw new Error('not ready in the list');
      return items.map(({ name }) => name);
    });
    expect(names).toEqual(['web']);
  });

  it('scans, and finds nothing that is due', async () => {
    expect(await deployed.invoke('scan')).toMatchObject({ failed: 0 });
  });

  it('answers no challenge that is not presented', async () => {
    expect((await deployed.request('GET', '/.well-known/acme-challenge/none')).status).toBe(404);
  });
});

/** The answer of what cannot be had yet, as soon as it can. */
async function soon<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 150) throw error;
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
  }
}
