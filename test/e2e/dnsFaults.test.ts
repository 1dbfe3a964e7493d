import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Services } from '../../lib/application/services.ts';
import type { TxtValue } from '../../lib/ports/dnsProvider.ts';
import { type AcmeSetup, startAcmeSetup, TEAM } from '../support/acmeSetup.ts';
import { type Core, eventually, loadCertificate, putCredential, putIssuer, settled } from '../support/core.ts';
import {
  acmeIssuer,
  again,
  eventsOf,
  failedIssuance,
  issuanceOf,
  movableClock,
  newestIssuance,
  renew,
  rfc2136,
  TSIG,
} from '../support/issuing.ts';
import { startBind } from '../support/peers/bind.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { type NameServer, newTsigSecret } from '../support/peers/dns.ts';
import type { Pebble } from '../support/peers/pebble.ts';

const WRONG = 'a-value-that-nobody-asked-for';

describeWith(['pebble', 'bind'], 'dns-01 in trouble', () => {
  let setup: AcmeSetup;
  let bind: NameServer;
  let pebble: Pebble;
  let core: Core;
  const clock = movableClock();
  /** Names at which the next presentation publishes a wrong value. */
  const spoiled = new Set<string>();

  const decorate = (services: Services): Services => {
    const { dns } = services;
    const spoil = (values: readonly TxtValue[]) =>
      values.map(({ fqdn, value }) => ({ fqdn, value: spoiled.has(fqdn) ? WRONG : value }));
    return clock.decorate({
      ...services,
      dns: {
        ...dns,
        present: (to, values) => dns.present(to, spoil(values)),
        missing: (to, values) => dns.missing(to, spoil(values)),
        cleanUp: (to, values) => dns.cleanUp(to, spoil(values)),
      },
    });
  };

  beforeAll(async () => {
    setup = await startAcmeSetup('dns-faults', {
      bind: { zones: ['example.test', { name: 'closed.test', allowUpdate: false }] },
      core: { decorate },
    });
    ({ bind, pebble, core } = setup);
    const { services } = core;
    await putCredential(services, TEAM, TSIG, { secret: bind.tsigSecret });
    await putIssuer(services, TEAM, 'ca', acmeIssuer(pebble, { solvers: [rfc2136(bind)] }));
  });
  afterAll(() => setup?.stop());

  const request = (name: string, dnsNames: string[], issuer = 'ca') => setup.request(name, issuer, { dnsNames });

  /** Seconds from a failure to its next try. */
  const pause = ({ at, retryAt }: { at: string; retryAt: string }) => (Date.parse(retryAt) - Date.parse(at)) / 1000;

  const issued = (name: string, revision: number) =>
    eventually(`${name} is issued`, async () => {
      const certificate = await loadCertificate(core.services, TEAM, name);
      return certificate.issued?.revision === revision;
    });

  const cleaned = (stream: string) =>
    eventually('the records are removed', async () => !(await issuanceOf(core.services, stream)).uncleaned);

  it('a wrong value fails with name and cause, backs off, and the next good run issues', async () => {
    const record = '_acme-challenge.wrong.example.test';
    spoiled.add(record);
    await request('wrong', ['wrong.example.test', 'right.example.test']);
    const first = await failedIssuance(core.services, TEAM, 'wrong');
    expect(first.failure.problem).toMatchObject({
      type: 'unauthorized',
      identifier: { type: 'dns', value: 'wrong.example.test' },
    });
    expect(first.failure.problem.detail).not.toBe('');
    const stream = await newestIssuance(core.services, TEAM, 'wrong');
    const invalid = (await eventsOf(core.services, stream)).filter(({ type }) => type === 'AuthorizationInvalidated');
    expect(invalid).toMatchObject([{ identifier: { value: 'wrong.example.test' }, problem: { type: 'unauthorized' } }]);
    await cleaned(stream);
    expect(await bind.query(record, 'TXT')).toEqual([]);

    await again(core.services, stream);
    const second = await failedIssuance(core.services, TEAM, 'wrong', first.run);
    expect(second.caFailures).toBe(2);
    // The CA allows five failed validations of a name an hour.
    expect(pause(second.failure)).toBeGreaterThan(200);

    // What was published wrongly must be removed wrongly, too.
    await cleaned(stream);
    spoiled.clear();
    await again(core.services, stream);
    const { issued } = await settled(core.services, TEAM, 'wrong');
    expect(issued?.revision).toBe(1);
    expect(await bind.query(record, 'TXT')).toEqual([]);
  });

  it('a renewal that fails leaves the old certificate in its place', async () => {
    await request('kept', ['kept.example.test']);
    const before = await settled(core.services, TEAM, 'kept');
    spoiled.add('_acme-challenge.kept.example.test');
    await renew(core.services, TEAM, 'kept', 1);
    const { failure } = await failedIssuance(core.services, TEAM, 'kept');
    expect(failure.problem.identifier?.value).toBe('kept.example.test');
    const during = await loadCertificate(core.services, TEAM, 'kept');
    expect(during.issued).toEqual(before.issued);
    spoiled.clear();
    await again(core.services, await newestIssuance(core.services, TEAM, 'kept'));
    const after = await settled(core.services, TEAM, 'kept');
    expect(after.issued?.revision).toBe(2);
  });

  it('a name server that refuses the update is named, and the order waits for it', async () => {
    await request('refused', ['refused.closed.test']);
    const { failure, order } = await failedIssuance(core.services, TEAM, 'refused');
    expect(failure).toMatchObject({ class: 'person', step: 'Challenge', problem: { type: 'DnsRefused' } });
    expect(order).toBeDefined();
  });

  it('a wrong TSIG secret is told as such; with the right one the same order is met', async () => {
    await putCredential(core.services, TEAM, 'other-tsig', { secret: newTsigSecret() });
    const { dns01 } = rfc2136(bind);
    const update = { ...dns01!.rfc2136!, tsigSecretSecretRef: { name: 'other-tsig', key: 'secret' } };
    await putIssuer(
      core.services,
      TEAM,
      'tsig',
      acmeIssuer(pebble, { solvers: [{ dns01: { ...dns01, rfc2136: update } }] }),
    );
    await request('tsig', ['tsig.example.test'], 'tsig');
    const { failure, order } = await failedIssuance(core.services, TEAM, 'tsig');
    expect(failure.problem.type).toBe('DnsBadSig');
    await putCredential(core.services, TEAM, 'other-tsig', { secret: bind.tsigSecret }, 2);
    const stream = await newestIssuance(core.services, TEAM, 'tsig');
    await again(core.services, stream);
    await settled(core.services, TEAM, 'tsig');
    const orders = (await eventsOf(core.services, stream)).filter(({ type }) => type === 'OrderPlaced');
    expect(orders).toMatchObject([{ orderUrl: order!.url }]);
  });

  it('a name server that is held still is named; once it goes on, the same order is met', async () => {
    await request('still', ['still.example.test']);
    bind.pause();
    const { failure, order } = await failedIssuance(core.services, TEAM, 'still').finally(() => bind.resume());
    expect(failure).toMatchObject({ class: 'backoff', problem: { type: 'DnsTimeout' } });
    const stream = await newestIssuance(core.services, TEAM, 'still');
    await again(core.services, stream);
    await settled(core.services, TEAM, 'still');
    const orders = (await eventsOf(core.services, stream)).filter(({ type }) => type === 'OrderPlaced');
    expect(orders).toMatchObject([{ orderUrl: order!.url }]);
    expect(await bind.query('_acme-challenge.still.example.test', 'TXT')).toEqual([]);
  });

  it('a name server that is down is named; with another in its place the same order is met', async () => {
    const gone = await startBind({ zones: ['gone.test'], tsigName: bind.tsigName, tsigSecret: bind.tsigSecret });
    await gone.stop();
    await putIssuer(core.services, TEAM, 'gone', acmeIssuer(pebble, { solvers: [rfc2136(gone)] }));
    await request('gone', ['gone.example.test'], 'gone');
    const { failure } = await failedIssuance(core.services, TEAM, 'gone');
    expect(failure).toMatchObject({ class: 'backoff', problem: { type: 'DnsUnreachable' } });
    await putIssuer(core.services, TEAM, 'gone', acmeIssuer(pebble, { solvers: [rfc2136(bind)] }));
    const stream = await newestIssuance(core.services, TEAM, 'gone');
    await again(core.services, stream);
    await issued('gone', 1);
    const orders = (await eventsOf(core.services, stream)).filter(({ type }) => type === 'OrderPlaced');
    expect(orders).toHaveLength(1);
    // What the living server showed goes at once; the dead one is tried for a day, and then let be.
    await eventually('no TXT value is left', async () => {
      const left = await bind.query('_acme-challenge.gone.example.test', 'TXT');
      return left.length === 0;
    });
    expect((await issuanceOf(core.services, stream)).uncleaned).toBe(true);
    clock.ahead(25 * 3600);
    await cleaned(stream);
  });
});
