import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { busSource } from '../../../lib/adapters/eventbridge/policy.ts';
import { busEvents, type PublicEvent } from '../../../lib/application/schema/busEvent.ts';
import { DEPLOYING, type Deployed, deployed } from '../../support/deployed.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { makeQueue, type Queue } from '../../support/queue.ts';

const TEAM = 'bus';

describeWith(['ministack'], 'On the deployed app, the bus', () => {
  let app: Deployed;
  let client: EventBridgeClient;
  let all: Queue;
  const put = async (path: string, body: object) => {
    const { status, json } = await app.request('PUT', `/v1/teams/${TEAM}${path}`, { body });
    expect(status, JSON.stringify(json)).toBeLessThan(300);
  };
  const told = async (name: string): Promise<PublicEvent[]> =>
    (await all.bodies())
      .map((body) => JSON.parse(body).detail as PublicEvent)
      .filter((event) => event.team === TEAM && event.name === name);
  const typesOf = async (name: string) => (await told(name)).map(({ type }) => type);

  beforeAll(async () => {
    app = await deployed();
    client = new EventBridgeClient(app.client);
    const { BUS: EventBusName } = await app.environmentOf('react');
    const Rule = 'bus-all';
    const EventPattern = JSON.stringify({ source: [busSource(app.instance)], detail: { team: [TEAM] } });
    await client.send(new PutRuleCommand({ EventBusName, Name: Rule, EventPattern }));
    all = await makeQueue(app.aws, Rule);
    await client.send(new PutTargetsCommand({ EventBusName, Rule, Targets: [{ Id: 'queue', Arn: all.arn }] }));
    const policy = { names: ['**'], destinations: ['secretsManager:**'] };
    await put('', { policy });
    await put('/issuers/own', { spec: { selfSigned: {} } });
  }, DEPLOYING);
  afterAll(() => client?.destroy());

  it('is told of a certificate from its request to its renewal', async () => {
    const destinations = [{ kind: 'secretsManager', name: 'chancery/bus/web' }];
    const spec = { dnsNames: ['web.bus.test'], issuerRef: { name: 'own' }, destinations };
    await put('/certificates/web', { spec });
    const first = ['certificate.requested', 'certificate.issued', 'certificate.delivered'];
    await expect.poll(() => typesOf('web'), { timeout: 60_000 }).toEqual(first);
    expect((await app.request('POST', `/v1/teams/${TEAM}/certificates/web/renew`, { body: {} })).status).toBe(202);
    const second = ['certificate.requested', 'certificate.renewed', 'certificate.delivered'];
    await expect.poll(() => typesOf('web'), { timeout: 60_000 }).toEqual([...first, ...second]);
    for (const event of await told('web')) expect(busEvents[event.type].parse(event)).toEqual(event);
    expect((await told('web')).at(-1)).toMatchObject({ revision: 2, destination: 'secretsManager:chancery/bus/web' });
  });

  it('is told of a failure, with its cause and what to do', async () => {
    const solvers = [{ http01: { ingress: {} } }];
    await put('/issuers/away', { spec: { acme: { server: 'https://127.0.0.1:1/directory', solvers } } });
    await put('/certificates/no', {
      spec: { dnsNames: ['no.bus.test'], issuerRef: { name: 'away' }, destinations: [] },
    });
    await expect.poll(() => typesOf('no'), { timeout: 60_000 }).toContain('certificate.failed');
    const failure = (await told('no')).find(({ type }) => type === 'certificate.failed');
    expect(busEvents['certificate.failed'].parse(failure)).toMatchObject({
      stage: 'issuance',
      revision: 1,
      failures: 1,
      cause: { code: 'caUnreachable', remedy: expect.stringContaining('issuer') },
    });
  });
});
