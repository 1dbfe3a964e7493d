import { afterAll, beforeAll, expect, it } from 'vitest';
import { caaRecords } from '../../lib/adapters/dns/caaRecords.ts';
import { issuerDecider, issuerStream } from '../../lib/domain/issuer.ts';
import type { FailoverSpec } from '../../lib/domain/spec.ts';
import { type AcmeSetup, startAcmeSetup, TEAM } from '../support/acmeSetup.ts';
import { type Core, eventually, loadCertificate, putIssuer, settled } from '../support/core.ts';
import { type FaultyCa, startFaultyCa } from '../support/faultyCa.ts';
import {
  acmeIssuer,
  failedIssuance,
  issuanceOf,
  issuedChain,
  movableClock,
  newestIssuance,
  opensslVerify,
  renew,
} from '../support/issuing.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import type { NameServer } from '../support/peers/dns.ts';
import { type Pebble, startPebble } from '../support/peers/pebble.ts';

const DAY = 86_400;
const FIRST = { name: 'first', kind: 'Issuer' } as const;
const SECOND = { name: 'second', kind: 'Issuer' } as const;
const failover: FailoverSpec = { to: [SECOND], failures: 1, window: '1h', lifeLeft: 20, back: '1h' };

describeWith(['pebble', 'bind'], 'a second CA', () => {
  let setup: AcmeSetup;
  let bind: NameServer;
  let first: Pebble;
  let second: Pebble;
  let front: FaultyCa;
  let core: Core;
  const clock = movableClock();
  const told: string[] = [];

  beforeAll(async () => {
    const note = (message: string, fields: unknown = {}): void =>
      void told.push(`${message} ${JSON.stringify(fields)}`);
    setup = await startAcmeSetup('failover', {
      pebble: { caaIdentities: ['first.example.test'] },
      core: ({ address }) => ({
        log: { info: note, warn: () => {}, error: () => {} },
        decorate: (services) => ({ ...clock.decorate(services), caa: caaRecords([address], 2000) }),
      }),
    });
    ({ bind, pebble: first, core } = setup);
    const { services } = core;
    // It stays valid beyond the months that the test lets pass.
    const profiles = { default: 800 * DAY };
    const shared = { dnsServer: bind.address, httpPort: first.httpPort };
    second = await startPebble({ ...shared, profiles, caaIdentities: ['second.example.test'] });
    front = await startFaultyCa(first);
    await putIssuer(services, TEAM, SECOND.name, acmeIssuer(second));
    const { acme } = acmeIssuer(front);
    await putIssuer(services, TEAM, FIRST.name, { acme, failover });
    for (const { name } of [FIRST, SECOND])
      await eventually(`${name} is ready`, async () => (await issuer(name)).ready === 'ready');
  });
  afterAll(async () => {
    await front?.close();
    await second?.stop();
    await setup?.stop();
  });

  const issuer = async (name: string) =>
    (await core.services.ledger.load(issuerDecider, issuerStream(TEAM, name))).state;
  const newest = async (name: string) => issuanceOf(core.services, await newestIssuance(core.services, TEAM, name));

  /** Asks for a certificate of one name, whose CAA records are these. */
  async function request(name: string, ...caa: readonly string[]): Promise<void> {
    const dnsName = `${name}.example.test`;
    const lines = caa.map((value) => `add ${dnsName} 1 CAA 0 issue "${value}"`);
    // A name with a record of its own is no longer covered by the wildcard's address.
    if (caa.length > 0) await bind.update([`add ${dnsName} 1 A 127.0.0.1`, ...lines]);
    await setup.request(name, FIRST.name);
  }

  /** Which CA signed what the certificate has, as openssl says. */
  async function verifies(name: string, ca: Pebble): Promise<boolean> {
    const chain = await issuedChain(core.services, TEAM, name);
    return opensslVerify(chain, await ca.roots()).then(
      (said) => said.endsWith('OK'),
      () => false,
    );
  }

  it('issues what has little life left while the first is away, as far as CAA records let it, and gives it back', async () => {
    const { services } = core;
    await request('free');
    await request('kept', 'first.example.test');
    await request('shared', 'first.example.test', 'second.example.test; validationmethods=http-01');
    await request('unproved', 'first.example.test', 'second.example.test; validationmethods=dns-01');
    const all = ['free', 'kept', 'shared', 'unproved'];
    for (const name of all) {
      await settled(services, TEAM, name);
      expect(await verifies(name, first), name).toBe(true);
    }

    // The time to renew comes, and the CA is not there. What stands has a third of its life left, and waits.
    await front.down();
    clock.ahead(62 * DAY);
    await core.engine.scan();
    for (const name of all) {
      const { failure, issuer: asked } = await failedIssuance(services, TEAM, name);
      expect([failure.problem.type, asked]).toEqual(['caUnreachable', FIRST]);
    }
    await eventually('diverted', async () => (await issuer(FIRST.name)).diverted !== undefined);
    for (const name of all) expect((await loadCertificate(services, TEAM, name)).issued!.revision).toBe(1);

    // A fifth of it is left: who may, leaves.
    clock.ahead(11 * DAY);
    await core.engine.scan();
    for (const name of ['free', 'shared']) {
      await eventually(
        `${name} leaves`,
        async () => (await loadCertificate(services, TEAM, name)).issued!.revision > 1,
      );
      await settled(services, TEAM, name);
      expect(await verifies(name, second), name).toBe(true);
      expect(await newest(name)).toMatchObject({ issuer: SECOND, insteadOf: FIRST, status: 'succeeded' });
    }
    for (const [name, why] of [
      ['kept', 'CAA records allow first.example.test, and not second.example.test'],
      ['unproved', 'unproved.example.test: '],
    ] as const) {
      await eventually(`${name} is told`, async () =>
        told.some(
          (line) =>
            line.startsWith('an issuer cannot stand in') &&
            line.includes(`${name}.example.test: `) &&
            line.includes(why),
        ),
      );
      expect((await newest(name)).issuer).toEqual(FIRST);
      expect((await loadCertificate(services, TEAM, name)).issued!.revision).toBe(1);
    }

    // It is back: what waited for it is issued at once, the others return with their next renewal.
    await front.up();
    clock.ahead(2 * 3600);
    await core.engine.scan();
    await eventually('taken back', async () => (await issuer(FIRST.name)).diverted === undefined);
    for (const name of ['kept', 'unproved']) {
      await eventually(
        `${name} is renewed`,
        async () => (await loadCertificate(services, TEAM, name)).issued!.revision > 1,
      );
      expect(await verifies(name, first), name).toBe(true);
    }
    for (const name of ['free', 'shared']) {
      const { revision } = (await settled(services, TEAM, name)).issued!;
      expect(await verifies(name, second), name).toBe(true);
      await renew(services, TEAM, name, revision);
      await eventually(
        `${name} is back`,
        async () => (await loadCertificate(services, TEAM, name)).issued!.revision > revision,
      );
      expect(await verifies(name, first), name).toBe(true);
      expect((await newest(name)).insteadOf).toBeUndefined();
    }
  });
});
