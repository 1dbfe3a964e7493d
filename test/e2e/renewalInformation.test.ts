import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AcmeSetup, startAcmeSetup, TEAM } from '../support/acmeSetup.ts';
import { eventually, loadCertificate, putIssuer, settled } from '../support/core.ts';
import { type FaultyCa, startFaultyCa } from '../support/faultyCa.ts';
import { acmeIssuer, eventsOf, movableClock } from '../support/issuing.ts';
import { describeWith } from '../support/peers/describeWith.ts';

const HOUR = 3600;
const ASKED = /^GET \/draft-ietf-acme-ari[^/]*\//;
const soon = { start: '2020-01-01T00:00:00Z', end: '2020-01-02T00:00:00Z' };
const json = { 'content-type': 'application/json', 'retry-after': '21600' };
const told = (body: unknown, headers: Readonly<Record<string, string>> = json) => ({
  status: 200,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

describeWith(['pebble', 'bind'], 'what a CA says of renewal and makes no sense', () => {
  let setup: AcmeSetup;
  const clock = movableClock();

  beforeAll(async () => {
    setup = await startAcmeSetup('renewal-information', { core: { decorate: clock.decorate } });
  });
  const fronts: FaultyCa[] = [];
  afterAll(async () => {
    await setup?.stop();
    for (const front of fronts) await front.close();
  });

  it.each([
    ['a window that ends before it begins', told({ suggestedWindow: { start: soon.end, end: soon.start } })],
    ['a window of no times', told({ suggestedWindow: { start: 'now', end: 7 } })],
    ['JSON of something else', told([soon])],
    ['a page', told('<h1>welcome</h1>', { 'content-type': 'text/html' })],
    ['nothing', told('')],
    ['half of an answer', told('{"suggestedWindow":{"start":"2020-01-01T00')],
  ])('%s renews nothing, and is asked for again in six hours', async (what, answer) => {
    const { core, pebble, request } = setup;
    const name = what.replaceAll(' ', '-').toLowerCase();
    // Each has a CA of its own, whose requests are counted.
    const front = await startFaultyCa(pebble);
    fronts.push(front);
    const asked = () => front.seen.filter(({ method, path }) => ASKED.test(`${method} ${path}`)).length;
    await putIssuer(core.services, TEAM, name, acmeIssuer(front));
    front.inject(ASKED, { answer }, 2);
    await request(name, name);
    await settled(core.services, TEAM, name);
    await eventually('the CA was asked', async () => asked() >= 1);
    // Where nothing could be recorded, the scan looks once more: nobody knows whether the reaction came to its end.
    clock.ahead(61);
    await eventually('the scan asked too', async () => asked() >= 2);
    // What it was told counts from then, so time goes on when that scan is over.
    await core.engine.scan();
    clock.ahead(5 * HOUR);
    await core.engine.scan();
    expect(asked()).toBe(2);
    clock.ahead(2 * HOUR);
    await eventually('the window is read', async () => (await loadCertificate(core.services, TEAM, name)).renewalInfo);
    expect(asked()).toBe(3);
    const events = await eventsOf(core.services, `certificate/${TEAM}/${name}`);
    expect(events.filter(({ type }) => type === 'RenewalRequested')).toEqual([]);
  });
});
