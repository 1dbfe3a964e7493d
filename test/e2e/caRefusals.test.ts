import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { issuerDecider, issuerStream } from '../../lib/domain/issuer.ts';
import type { IssuerSpec } from '../../lib/domain/spec.ts';
import { type AcmeSetup, startAcmeSetup, TEAM } from '../support/acmeSetup.ts';
import { makeAuthority } from '../support/authority.ts';
import { type Core, eventually, putCredential, putIssuer, settled } from '../support/core.ts';
import { startFaultyCa } from '../support/faultyCa.ts';
import { acmeIssuer, again, eventsOf, failedIssuance, movableClock, newestIssuance } from '../support/issuing.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import type { Pebble, PebbleOptions } from '../support/peers/pebble.ts';

describeWith(['pebble', 'bind'], 'a CA that cannot be used', () => {
  let setup: AcmeSetup;
  let core: Core;
  let pebble: Pebble;
  const closing: (() => unknown)[] = [];

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function start(options?: PebbleOptions) {
    const clock = movableClock();
    setup = await startAcmeSetup('refusals', { pebble: options, core: { decorate: clock.decorate } });
    closing.push(() => setup.stop());
    ({ core, pebble } = setup);
    return clock;
  }

  const request = () => setup.request('web', 'ca');

  const issuer = async () => (await core.services.ledger.load(issuerDecider, issuerStream(TEAM, 'ca'))).state;

  const unready = (code: string) =>
    eventually(`the issuer is unready: ${code}`, async () => {
      const { ready, reason } = await issuer();
      return ready === 'unready' && reason === code;
    });

  /** The cause stands on issuer and issuance; with another configuration the same revision is issued. */
  async function failsThenIssues(wrong: IssuerSpec, type: string, right: () => Promise<IssuerSpec> | IssuerSpec) {
    await putIssuer(core.services, TEAM, 'ca', wrong);
    await unready(type);
    await request();
    const { failure, dueAt } = await failedIssuance(core.services, TEAM, 'web');
    expect(failure.problem.type).toBe(type);
    expect(failure.problem.detail).not.toBe('');
    expect(dueAt! > failure.at).toBe(true);
    await putIssuer(core.services, TEAM, 'ca', await right());
    await again(core.services, await newestIssuance(core.services, TEAM, 'web'));
    const { issued } = await settled(core.services, TEAM, 'web');
    expect(issued?.revision).toBe(1);
    return failure;
  }

  it('is unreachable: the cause stands, and the certificate comes by itself when the CA is back', async () => {
    const clock = await start();
    const { services } = core;
    const front = await startFaultyCa(pebble);
    closing.push(() => front.close());
    await putIssuer(services, TEAM, 'ca', acmeIssuer(front));
    await eventually('the issuer is ready', async () => (await issuer()).ready === 'ready');
    await front.down();
    await request();
    const { failure, dueAt } = await failedIssuance(services, TEAM, 'web');
    expect(failure).toMatchObject({ class: 'backoff', problem: { type: 'caUnreachable' } });
    expect(dueAt! > failure.at).toBe(true);
    await front.up();
    clock.ahead(90);
    const { issued } = await settled(services, TEAM, 'web');
    expect(issued?.revision).toBe(1);
  });

  it('has a TLS certificate of an unknown root', async () => {
    await start();
    const { certPem } = await makeAuthority('another root');
    const wrong = acmeIssuer({ ...pebble, caPem: certPem });
    const failure = await failsThenIssues(wrong, 'caTlsUntrusted', () => acmeIssuer(pebble));
    expect(failure.class).toBe('configuration');
  });

  it('has a directory that is none', async () => {
    await start();
    const page = createServer((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>secret page of a proxy</h1>'),
    );
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    closing.push(() => page.close());
    const { port } = page.address() as AddressInfo;
    const wrong: IssuerSpec = { acme: { ...acmeIssuer(pebble).acme!, server: `http://127.0.0.1:${port}/dir` } };
    const failure = await failsThenIssues(wrong, 'caMalformed', () => acmeIssuer(pebble));
    expect(JSON.stringify(failure)).not.toContain('secret page');
  });

  it('refuses the account until it is bound', async () => {
    await start({ externalAccountRequired: true });
    await putCredential(core.services, TEAM, 'eab', { key: pebble.eab.hmacKey });
    const externalAccountBinding = { keyID: pebble.eab.kid, keySecretRef: { name: 'eab', key: 'key' } };
    const failure = await failsThenIssues(acmeIssuer(pebble), 'externalAccountRequired', () =>
      acmeIssuer(pebble, { externalAccountBinding }),
    );
    expect(failure.class).toBe('configuration');
  });

  it('refuses a name by its policy: nothing is tried at once again', async () => {
    await start({ blocked: ['web.example.test'] });
    await putIssuer(core.services, TEAM, 'ca', acmeIssuer(pebble));
    await request();
    const { failure, run } = await failedIssuance(core.services, TEAM, 'web');
    expect(failure).toMatchObject({ class: 'person', problem: { type: 'rejectedIdentifier' } });
    expect(Date.parse(failure.retryAt) - Date.parse(failure.at)).toBeGreaterThan(30_000);
    await core.engine.scan();
    const events = await eventsOf(core.services, await newestIssuance(core.services, TEAM, 'web'));
    expect(events.filter((event) => event.type === 'RunBegun')).toHaveLength(run);
  });
});
