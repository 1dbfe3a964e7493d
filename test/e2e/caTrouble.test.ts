import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Services } from '../../lib/application/services.ts';
import { type AcmeSetup, startAcmeSetup, TEAM } from '../support/acmeSetup.ts';
import { type Core, putIssuer, settled } from '../support/core.ts';
import { startFaultyCa } from '../support/faultyCa.ts';
import {
  acmeIssuer,
  again,
  eventsOf,
  failedIssuance,
  issuedChain,
  newestIssuance,
  opensslVerify,
} from '../support/issuing.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { type Pebble, startPebble } from '../support/peers/pebble.ts';

const CERTIFICATES = 20;

describeWith(['pebble', 'bind'], 'a CA in trouble', () => {
  let setup: AcmeSetup;
  let pebble: Pebble;
  let core: Core;
  /** Called once, after the next answer of the CA to a new order. */
  let onOrder: (() => void) | undefined;

  beforeAll(async () => {
    const decorate = (services: Services): Services => {
      const { acme } = services;
      const newOrder: typeof acme.newOrder = async (...args) => {
        const order = await acme.newOrder(...args);
        onOrder?.();
        onOrder = undefined;
        return order;
      };
      return { ...services, acme: { ...acme, newOrder } };
    };
    setup = await startAcmeSetup('trouble', { pebble: { nonceReject: 15 }, core: { decorate } });
    ({ pebble, core } = setup);
    await putIssuer(core.services, TEAM, 'ca', acmeIssuer(pebble));
  });
  afterAll(() => setup?.stop());

  const typesOf = async (name: string): Promise<string[]> =>
    (await eventsOf(core.services, await newestIssuance(core.services, TEAM, name))).map((event) => event.type);

  it(`issues ${CERTIFICATES} certificates, each in its first run, while 15 % of nonces are refused`, async () => {
    const names = Array.from({ length: CERTIFICATES }, (_, i) => `n${i}`);
    await Promise.all(names.map((name) => setup.request(name, 'ca')));
    await Promise.all(names.map((name) => settled(core.services, TEAM, name)));
    for (const name of names) {
      const types = await typesOf(name);
      expect(types.filter((type) => type === 'OrderPlaced')).toHaveLength(1);
      expect(types.filter((type) => type === 'RunBegun')).toHaveLength(1);
      expect(types).not.toContain('IssuanceFailed');
    }
  });

  it('held still in the middle of an order for some seconds, goes on with the same order', async () => {
    const held = new Promise<void>((resolve) => {
      onOrder = () => {
        pebble.pause();
        resolve();
      };
    });
    await setup.request('held', 'ca');
    await held;
    await sleep(6000);
    const before = await typesOf('held');
    expect(before).not.toContain('IssuanceSucceeded');
    pebble.resume();
    await settled(core.services, TEAM, 'held');
    const types = await typesOf('held');
    expect(types.filter((type) => type === 'OrderPlaced')).toHaveLength(1);
    expect(types.filter((type) => type === 'RunBegun')).toHaveLength(1);
  });

  it('that lost its accounts and orders gets them again, and the certificate comes', async () => {
    const { services } = core;
    const front = await startFaultyCa(pebble);
    const other = await startPebble({ dnsServer: setup.bind.address, httpPort: pebble.httpPort });
    try {
      await putIssuer(services, TEAM, 'forgetful', acmeIssuer(front));
      front.inject(/^POST \/authZ/, { answer: { status: 500 } });
      await setup.request('lost', 'forgetful');
      const { order } = await failedIssuance(services, TEAM, 'lost');
      expect(order).toBeDefined();
      front.moveTo(other);
      const stream = await newestIssuance(services, TEAM, 'lost');
      await again(services, stream);
      await settled(services, TEAM, 'lost');
      const types = await typesOf('lost');
      expect(types.filter((type) => type === 'OrderPlaced')).toHaveLength(2);
      expect(types).toContain('OrderAbandoned');
      expect(await opensslVerify(await issuedChain(services, TEAM, 'lost'), await other.roots())).toMatch(/: OK$/);
      const accounts = await eventsOf(services, 'account/shop/forgetful');
      expect(accounts.filter(({ type }) => type === 'AccountRegistered')).toHaveLength(2);
      expect(accounts.filter(({ type }) => type === 'AccountKeySealed')).toHaveLength(1);
    } finally {
      await other.stop();
      await front.close();
    }
  });
});
