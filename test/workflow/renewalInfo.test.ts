import { afterEach, expect, it } from 'vitest';
import { describeCertificate } from '../../lib/application/certificateView.ts';
import { certificateStream } from '../../lib/domain/certificate.ts';
import { ownTime } from '../../lib/domain/renewal.ts';
import { type Instant, plusSeconds, secondsBetween } from '../../lib/domain/time.ts';
import { AcmeError, type OrderRequest, type RenewalInfo } from '../../lib/ports/acmeServer.ts';
import { eventually, loadCertificate, putIssuer, requestCertificate, settled, specOf } from '../support/core.ts';
import { refusal } from '../support/doubles/ca.ts';
import { startWorld, type World } from '../support/doubles/world.ts';
import { eventsOf } from '../support/issuing.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const WEB = certificateStream('shop', 'web');

let world: World;
afterEach(() => world?.stop());

/** What the CA answers, from when it is asked; each answer is for a window so many seconds from now. */
function window(from: number, to: number, more: Partial<RenewalInfo> = {}): RenewalInfo {
  const now = world.services.clock.now();
  return { start: plusSeconds(now, from), end: plusSeconds(now, to), retryAfter: 6 * HOUR, ...more };
}

/** A world whose CA answers so, with an issued certificate. */
async function issued(renewalInfo?: (certId: string) => RenewalInfo): Promise<OrderRequest[]> {
  const orders: OrderRequest[] = [];
  world = await startWorld();
  world.ca.controls.renewalInfo = renewalInfo;
  world.ca.controls.before = (_action, request) => void (request && orders.push(request));
  const issuerRef = { name: 'double', kind: 'Issuer' } as const;
  await requestCertificate(world.services, 'shop', 'web', specOf({ dnsNames: ['web.example.test'], issuerRef }));
  await settled(world.services, 'shop', 'web');
  return orders;
}

/** Waits for the second revision. */
const revised = () =>
  eventually('revision 2', async () => (await loadCertificate(world.services, 'shop', 'web')).issued!.revision === 2);

const asked = (): number => world.ca.requests.filter((action) => action === 'renewalInfo').length;
const read = async () => (await eventsOf(world.services, WEB)).filter(({ type }) => type === 'RenewalInformationRead');
const dueAt = async (): Promise<Instant> => (await world.services.store.head(WEB))!.dueAt!;
const dueIn = async (): Promise<number> => secondsBetween(world.services.clock.now(), await dueAt());

it('the CA is asked as soon as a certificate is issued, and what it suggests is shown', async () => {
  let suggestion: RenewalInfo | undefined;
  await issued(() => (suggestion ??= window(50 * DAY, 52 * DAY, { explanationUrl: 'https://ca.test/why' })));
  await eventually('the CA is asked', async () => (await read()).length === 1);
  const { start, end } = suggestion!;
  const [event] = await read();
  expect(event).toMatchObject({ revision: 1, window: { start, end }, explanationURL: 'https://ca.test/why' });
  const { view } = await describeCertificate(world.services, 'shop', 'web');
  const { renewalTime, renewal, nextAction } = view.status;
  expect(renewalTime! >= start && renewalTime! < end).toBe(true);
  expect(renewal).toMatchObject({
    reason: 'AriWindow',
    time: renewalTime,
    suggestedWindow: { start, end },
    explanationURL: 'https://ca.test/why',
  });
  expect(nextAction).toMatchObject({ action: 'Renew', at: renewalTime });
  expect(await dueIn()).toBeLessThanOrEqual(6 * HOUR);
});

it('what did not change is no event: the CA is asked again at its Retry-After', async () => {
  const fixed = { start: '2090-01-01T00:00:00.000Z', end: '2090-01-02T00:00:00.000Z', retryAfter: 2 * HOUR };
  await issued(() => fixed);
  await eventually('the CA is asked', async () => (await read()).length === 1);
  for (const times of [2, 3]) {
    await world.pass(2 * HOUR - 60);
    expect(asked()).toBe(times - 1);
    await world.pass(60);
    expect(asked()).toBe(times);
    expect(Math.abs((await dueIn()) - 2 * HOUR)).toBeLessThan(30);
  }
  expect(await read()).toHaveLength(1);
});

it('a window that moves to the past renews at once, in the name of the account, and names what is replaced', async () => {
  let from = 50 * DAY;
  const orders = await issued(() => window(from, from + DAY));
  const certId = (await loadCertificate(world.services, 'shop', 'web')).issued!.acme!.certId!;
  from = -2 * DAY;
  await world.pass(7 * HOUR);
  await revised();
  const renewals = (await eventsOf(world.services, WEB)).filter(({ type }) => type === 'RenewalRequested');
  expect(renewals).toMatchObject([{ revision: 2, reason: 'AriWindow' }]);
  expect(orders.map(({ replaces }) => replaces)).toEqual([undefined, certId]);
});

it.each([
  ['that it was replaced before', () => refusal('alreadyReplaced', 409)],
  ['that it has a fault, as Pebble does about a serial that it does not find', () => refusal('serverInternal', 500)],
])('a CA that says %s gets the order again, without it', async (_, refused) => {
  let suggestion: RenewalInfo | undefined;
  const orders = await issued(() => (suggestion ??= window(50 * DAY, 51 * DAY)));
  const { before } = world.ca.controls;
  world.ca.controls.before = (action, request) => {
    before(action, request);
    if (request?.replaces) throw refused();
  };
  await world.pass(56 * DAY);
  await revised();
  expect(orders.map(({ replaces }) => replaces !== undefined)).toEqual([false, true, false]);
});

it('an order of another account names nothing as replaced', async () => {
  const orders = await issued(() => window(50 * DAY, 51 * DAY));
  await putIssuer(world.services, 'shop', 'other', {
    acme: { server: 'https://ca', solvers: [{ dns01: { webhook: { url: 'https://dns' } } }] },
  });
  const issuerRef = { name: 'other', kind: 'Issuer' } as const;
  await requestCertificate(world.services, 'shop', 'web', specOf({ dnsNames: ['web.example.test'], issuerRef }));
  await revised();
  expect(orders.map(({ replaces }) => replaces)).toEqual([undefined, undefined]);
  const [requested] = (await eventsOf(world.services, WEB))
    .filter(({ type }) => type === 'CertificateRequested')
    .slice(1);
  expect(requested).toMatchObject({ reason: 'IssuerChanged' });
});

it('a CA that has no renewal information leaves the certificate its own rule, and is asked once a day', async () => {
  await issued();
  await world.pass(61);
  expect(Math.abs((await dueIn()) - DAY)).toBeLessThan(30);
  const { view } = await describeCertificate(world.services, 'shop', 'web');
  expect(view.status.renewal).not.toHaveProperty('suggestedWindow');
  expect(view.status.renewal).toMatchObject({ reason: 'Expiring' });
});

/** What the CA answers in place of a window, and after how many seconds it is asked again, each time after the first two. */
const failures: [string, () => RenewalInfo, readonly number[]][] = [
  ['a refusal', () => fail(refusal('malformed', 404)), [6 * HOUR, 6 * HOUR]],
  ['errors of the server', () => fail(refusal('serverInternal', 500)), [120, 240, 480]],
  ['no answer in time', () => fail(problem('caTimeout')), [120, 240, 480]],
  ['no way to the server', () => fail(problem('caUnreachable')), [6 * HOUR]],
  ['an answer without sense', () => fail(problem('caMalformed')), [6 * HOUR]],
  ['a window that ends before it begins', () => window(2 * DAY, DAY), [6 * HOUR, 6 * HOUR]],
  ['no Retry-After', () => window(50 * DAY, 51 * DAY, { retryAfter: undefined }), [6 * HOUR]],
  ['a Retry-After of a second', () => window(50 * DAY, 51 * DAY, { retryAfter: 1 }), [60, 60]],
  ['a Retry-After of a year', () => window(50 * DAY, 51 * DAY, { retryAfter: 365 * DAY }), [DAY]],
];

const fail = (error: AcmeError): never => {
  throw error;
};
const problem = (type: string) => new AcmeError('renewalInfo', { class: 'backoff', problem: { type, detail: type } });

it.each(failures)('after %s it is asked again in its time', async (_, answer, pauses) => {
  await issued(answer);
  await eventually('the CA is asked', async () => asked() === 1);
  // Where nothing could be recorded, the scan looks once more: nobody knows whether the reaction came to its end.
  await world.pass(61);
  for (const seconds of pauses) {
    const before = asked();
    const wait = await dueIn();
    expect(wait).toBeLessThanOrEqual(seconds);
    expect(wait).toBeGreaterThan(seconds - (seconds < HOUR ? 20 : 90));
    await world.pass(wait - 10);
    expect(asked()).toBe(before);
    await world.pass(11);
    expect(asked()).toBe(before + 1);
  }
  expect((await loadCertificate(world.services, 'shop', 'web')).issuing).toBeUndefined();
});

it('a CA that fails all the while costs no certificate its renewal', async () => {
  await issued(() => fail(refusal('serverInternal', 500)));
  const { uid, spec, issued: first } = await loadCertificate(world.services, 'shop', 'web');
  await world.pass(secondsBetween(world.services.clock.now(), ownTime(uid, spec, first!)) + 1);
  await revised();
  const renewals = (await eventsOf(world.services, WEB)).filter(({ type }) => type === 'RenewalRequested');
  expect(renewals).toMatchObject([{ reason: 'Expiring' }]);
});
