import { SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { functions } from '../../../lib/stacks/functions.ts';
import { DEPLOYING, type Deployed, deployed } from '../../support/deployed.ts';
import { opensslVerify } from '../../support/issuing.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { cleanedUp, ended, machineArn, soon, startTenant, type Tenant } from '../../support/tenant.ts';

/** Seconds after which a run that nobody heard of counts as dead, and one more. */
const RUN_IS_DEAD = 601;

describeWith(['ministack', 'pebble', 'kubernetes', 'openssl'], 'On the deployed app, in spite of faults,', () => {
  let app: Deployed;
  let ops: Tenant;
  beforeAll(async () => {
    app = await deployed();
    ops = await startTenant(app, 'ops');
  }, DEPLOYING);
  afterEach(async () => {
    app.setAhead(0);
    if (ops) ops.front.stalled.length = 0;
    for (const name of ['finalize', 'push']) await app.limit(name, undefined);
  });
  afterAll(() => ops?.stop());

  /** It stands in the cluster, is of the CA, and took so many orders. */
  const arrived = async (name: string, ordersBefore: number, placed = 1) => {
    await ops.settled(name);
    expect(await opensslVerify((await ops.delivered(name)).chain, await ops.pebble.roots())).toMatch(/: OK$/);
    expect(ops.orders() - ordersBefore).toBe(placed);
    await cleanedUp(app, `${name}.ops.example.test`);
  };
  /** How often the CA was asked for it. */
  const asked = (path: RegExp) => ops.front.seen.filter((one) => path.test(`${one.method} ${one.path}`)).length;
  const FINALIZE = /POST \/finalize-order\//;
  const held = (path: RegExp) =>
    soon(`${path} is held`, async () => {
      if (!ops.front.stalled.some((line) => path.test(line))) throw new Error(ops.front.stalled.join(', '));
    });

  it.each([
    // Whether the CA made the order that nobody was told of, ACME has no way to ask: it makes another, and that one is finalized.
    ['order', /POST \/order-plz/, 2],
    ['challenge', /POST \/chalZ\//, 1],
    ['finalize', /POST \/finalize-order\//, 1],
  ] as const)(
    'the handler of %s, killed in the middle, is run again, and finds what it had done',
    async (step, path, times) => {
      const orders = ops.orders();
      const finalized = asked(FINALIZE);
      const name = `killed-${step}`;
      const before = asked(path);
      ops.front.inject(path, { stall: 'after' });
      await ops.request(name);
      await held(path);
      expect(app.kill(step)).toBeGreaterThan(0);
      await arrived(name, orders, step === 'order' ? times : 1);
      const { status, failures } = await ended(name, () => ops.issuing(name));
      expect([status, failures]).toEqual(['SUCCEEDED', 1]);
      expect([asked(path) - before, asked(FINALIZE) - finalized]).toEqual([times, 1]);
    },
  );

  it("a handler that its function's own timeout ends is run again, and finds what it had done", async () => {
    const orders = ops.orders();
    const before = asked(FINALIZE);
    await app.setTimeout('finalize', 10);
    try {
      ops.front.inject(FINALIZE, { stall: 'after' });
      await ops.request('timed-out');
      await arrived('timed-out', orders);
    } finally {
      await app.setTimeout('finalize', functions.finalize.timeout);
    }
    const { status, text } = await ended('timed-out', () => ops.issuing('timed-out'));
    expect(status).toBe('SUCCEEDED');
    expect(text).toContain('Task timed out after 10.00 seconds');
    expect(asked(FINALIZE) - before).toBe(1);
  });

  it('a step whose tries are exhausted is recorded as a failure, its challenge is cleaned up, and it goes on when asked to', async () => {
    const orders = ops.orders();
    await app.limit('finalize', 0);
    await ops.request('throttled');
    const { status, states, failures } = await ended('throttled', () => ops.issuing('throttled'));
    expect([status, failures]).toEqual(['SUCCEEDED', 5]);
    expect(states.slice(-3)).toEqual(['Finalize', 'RecordFailure', 'CleanUp']);
    expect((await ops.describe('throttled')).status.issuance).toMatchObject({ status: 'failed', run: 1 });
    expect(await app.zone.query('_acme-challenge.throttled.ops.example.test', 'TXT')).toEqual([]);
    expect(await app.sumOf('AWS/Lambda', 'Throttles', 'finalize')).toBeGreaterThanOrEqual(5);
    await app.limit('finalize', undefined);
    expect((await ops.renew('throttled')).status).toBe(202);
    await arrived('throttled', orders);
  });

  it('a delivery whose tries are exhausted is recorded as a failure, and the scan makes it good', async () => {
    const orders = ops.orders();
    await app.limit('push', 0);
    await ops.request('undelivered');
    const { status, states } = await ended('undelivered', () => ops.delivering('undelivered'));
    expect([status, states]).toEqual(['SUCCEEDED', ['Push', 'RecordPushFailure']]);
    const [delivery] = (await ops.describe('undelivered')).status.deliveries;
    expect(delivery).toMatchObject({ status: 'failed', retryAt: expect.any(String) });
    await app.limit('push', undefined);
    app.setAhead((Date.parse(delivery.retryAt) - Date.now()) / 1000 + 1);
    await app.invoke('scan');
    await arrived('undelivered', orders);
  });

  it('an execution that was stopped from outside is found dead by the scan, whose next run ends it with the same order', async () => {
    const orders = ops.orders();
    const path = /POST \/chalZ\//;
    ops.front.inject(path, { stall: 'after' });
    await ops.request('stopped');
    await held(path);
    const { arn } = (await ops.issuing('stopped'))!;
    await new SFNClient(app.client).send(new StopExecutionCommand({ executionArn: arn, cause: 'by hand' }));
    app.kill('challenge');
    expect((await ended('stopped', () => ops.issuing('stopped'))).status).toBe('ABORTED');

    await app.invoke('scan');
    expect((await ops.describe('stopped')).status.issuance).toMatchObject({ status: 'running', run: 1 });
    app.setAhead(RUN_IS_DEAD);
    await app.invoke('scan');
    await arrived('stopped', orders);
    expect((await ended('stopped', () => ops.issuing('stopped', 1, 2))).status).toBe('SUCCEEDED');
  });

  it('an execution is started once, whoever starts it again', async () => {
    const orders = ops.orders();
    await ops.request('once');
    await ops.settled('once');
    const { arn } = await ended('once', () => ops.issuing('once'));
    const { uid } = await ops.describe('once');
    const again = new StartExecutionCommand({
      stateMachineArn: await machineArn(app, 'issueCertificate'),
      name: arn.split(':').at(-1),
      input: JSON.stringify({ issuance: `issuance/${uid}/1`, run: 1 }),
    });
    // On AWS the answer for one that still runs is that of the first start: test/adapters/stepfunctions.
    await expect(new SFNClient(app.client).send(again)).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
    expect(ops.orders() - orders).toBe(1);
  });
});
