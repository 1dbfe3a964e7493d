import { describe, expect, it, test } from 'vitest';
import { type EventFixture, fixturesOf, TODAY } from '../../docs/events.ts';
import { announce } from '../../lib/application/announce.ts';
import { busEvents } from '../../lib/application/busEvents.ts';
import { type PublicEvent, busEvents as schemas } from '../../lib/application/schema/busEvent.ts';
import { type CertificateCommand, certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { certificateStream } from '../../lib/domain/certificate.ts';
import type { DomainEvent } from '../../lib/domain/decider.ts';
import { type DeliveryCommand, deliveryDecider } from '../../lib/domain/delivery.decide.ts';
import { deliveryStream } from '../../lib/domain/delivery.ts';
import { type Destination, destinationKey } from '../../lib/domain/destination.ts';
import { type IssuanceCommand, issuanceDecider } from '../../lib/domain/issuance.decide.ts';
import { issuanceStream } from '../../lib/domain/issuance.ts';
import type { Commit } from '../../lib/ports/eventStore.ts';
import { testServices } from '../support/services.ts';
import { specOf } from '../support/specs.ts';

const commitOf = (stream: string, version: number, events: readonly DomainEvent[], at = AT): Commit => ({
  stream,
  version,
  events,
  at,
  actor: 'test',
  commitId: 'c',
  correlationId: 'c',
  previousHash: '',
  hash: '',
});
const AT = '2026-01-31T12:00:00.000Z';

/** The schema takes the event, member by member. */
function parsed(event: PublicEvent): PublicEvent {
  return schemas[event.type].parse(event) as PublicEvent;
}

/** Events of the ledger that nobody outside is told of, and why a new one is in neither list is what this test asks. */
const UNTOLD = new Set([
  'certificate.CertificateDeleted',
  'certificate.CertificateDiscarded',
  'certificate.CertificatePurged',
  'certificate.DeliveriesReleased',
  'certificate.KeyExported',
  'certificate.KeysPurged',
  'certificate.RenewalInformationRead',
  'certificate.RenewalTimesSet',
  'certificate.ReplacementScheduled',
  'certificate.RevocationFailed',
  'certificate.RevocationRequested',
  'delivery.DeliveryRequested',
  'delivery.DeliveryWithdrawn',
  'delivery.RedeliveryRequested',
  'delivery.RunBegun',
  'delivery.WithdrawalRequested',
]);
const TOLD: Readonly<Record<string, string>> = {
  'certificate.CertificateRequested': 'certificate.requested',
  'certificate.RenewalRequested': 'certificate.requested',
  'certificate.CertificateIssued': 'certificate.issued',
  'certificate.CertificateRevoked': 'certificate.revoked',
  'certificate.DeliveriesRequested': 'certificate.failed',
  'certificate.ExpiryNeared': 'certificate.expiring',
  'issuance.IssuanceFailed': 'certificate.failed',
  'delivery.DeliveryConfirmed': 'certificate.delivered',
  'delivery.DeliveryFailed': 'certificate.failed',
  'delivery.DeliveryRefused': 'certificate.failed',
  'delivery.DriftDetected': 'certificate.drifted',
};

function toldBy({ stream, given, events }: EventFixture) {
  const earlier = given.map((event, index) => commitOf(stream, index + 1, [event]));
  return busEvents(commitOf(stream, given.length + 1, events), earlier, true);
}

describe.each(fixturesOf(TODAY))('$name', (fixture) => {
  it('is told as its public event, as the schema has it, or not at all', () => {
    const told = toldBy(fixture) as readonly PublicEvent[];
    expect(told).not.toBe('incomplete');
    const wanted = TOLD[fixture.name];
    expect(told.map(({ type }) => type)).toEqual(wanted ? [wanted] : []);
    for (const event of told) expect(parsed(event)).toEqual(event);
    const text = JSON.stringify(told);
    for (const ref of ['key/', 'chain/', 'acme/', 'keyRef', 'resourceVersion']) expect(text).not.toContain(ref);
  });
});

test('every event of a certificate, its issuances and its deliveries is either told or meant not to be', () => {
  const about = fixturesOf(TODAY).map(({ name }) => name);
  const undecided = about.filter((name) => /^(certificate|delivery)\./.test(name) && !TOLD[name] && !UNTOLD.has(name));
  expect(undecided).toEqual([]);
});

test('a revocation is told with its reason', () => {
  const stream = certificateStream('shop', 'app');
  const request = fixturesOf(TODAY).find(({ name }) => name === 'certificate.CertificateRequested')!;
  const revoked = { type: 'CertificateRevoked', revision: 3, reason: 'keyCompromise' };
  const [event] = busEvents(commitOf(stream, 2, [revoked]), [commitOf(stream, 1, request.events)], true);
  expect(parsed(event as PublicEvent)).toMatchObject({
    type: 'certificate.revoked',
    revision: 3,
    reason: 'keyCompromise',
    team: 'shop',
    name: 'app',
  });
});

describe('what a commit tells', () => {
  const stream = 'issuance/u1/2';
  const requested = {
    type: 'IssuanceRequested',
    certificate: 'shop/app',
    uid: 'u1',
    revision: 2,
    generation: 1,
    identifiers: [],
    issuer: { name: 'ca', kind: 'Issuer' },
  };
  const problem = {
    type: 'unauthorized',
    detail: 'see https://ca.example/acme/authz/17 and kW8bX2mZrT5yQ9pL3nV7cD1sF4gH6jA0-_eUoIiKw2w',
  };
  const failure = { type: 'IssuanceFailed', run: 1, class: 'person', problem, retryAt: AT };

  it('has the same ids whenever it is told, and no id twice', () => {
    const commit = commitOf(stream, 2, [failure, failure]);
    const tell = () => busEvents(commit, [commitOf(stream, 1, [requested])], true) as readonly PublicEvent[];
    expect(tell()).toEqual(tell());
    const other = busEvents(commitOf(stream, 3, [failure]), [commitOf(stream, 1, [requested])], true);
    const ids = [...tell(), ...(other as readonly PublicEvent[])].map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  it('counts failures in a row, and has the cause as tenants may read it', () => {
    const past = [commitOf(stream, 1, [requested]), commitOf(stream, 2, [failure])];
    const [event] = busEvents(commitOf(stream, 3, [failure]), past, true);
    expect(event).toMatchObject({ failures: 2, stage: 'issuance', revision: 2, retryAt: AT, uid: 'u1' });
    const { cause } = event as Extract<PublicEvent, { type: 'certificate.failed' }>;
    expect(cause).toMatchObject({ code: 'unauthorized', detail: 'see <url> and <token>' });
    expect(cause.remedy).toMatch(/CA saw something else/);
  });

  it('is incomplete while its past does not say whose it is', () => {
    expect(busEvents(commitOf(stream, 9, [failure]), [commitOf(stream, 8, [failure])], false)).toBe('incomplete');
    expect(busEvents(commitOf('team/shop', 9, [{ type: 'TeamDeleted' }]), [], false)).toEqual([]);
  });
});

describe('Announcing', () => {
  const meta = { actor: 'test' };
  const APP = certificateStream('shop', 'app');
  const prod: Destination = { kind: 'kubernetes', cluster: 'prod', namespace: 'shop', secretName: 'tls' };
  const PROD = deliveryStream(destinationKey(prod));
  const spec = specOf({ dnsNames: ['app.example.test'] });

  function world() {
    const { services, close } = testServices();
    const published: PublicEvent[] = [];
    const bus = { publish: async (events: readonly object[]) => void published.push(...(events as PublicEvent[])) };
    const { ledger, store } = services;
    return {
      published,
      close,
      certificate: (command: CertificateCommand, stream = APP) =>
        ledger.handle(certificateDecider, stream, command, meta),
      issuance: (command: IssuanceCommand) => ledger.handle(issuanceDecider, issuanceStream('u1', 1), command, meta),
      delivery: (command: DeliveryCommand) => ledger.handle(deliveryDecider, PROD, command, meta),
      /** Announces every commit of the stream, and answers what was told. */
      async told(stream: string) {
        published.length = 0;
        await announce({ store, bus }, await store.commits(stream));
        return published.map(parsed);
      },
    };
  }

  const request = (uid = 'u1', more: Partial<typeof spec> = {}) =>
    ({ type: 'Request', uid, spec: { ...spec, ...more }, policyVersion: 1 }) as const;
  const issued = (revision: number, uid = 'u1') =>
    ({
      type: 'RecordIssued',
      uid,
      issued: {
        revision,
        generation: 1,
        serial: `0${revision}`,
        fingerprint: `f${revision}`,
        notBefore: AT,
        notAfter: '2099-04-30T12:00:00.000Z',
        keyRef: 'k',
        chainRef: 'c',
      },
    }) as const;

  it('tells the first certificate of a life as issued, and every later one as renewed', async () => {
    const { certificate, told, close } = world();
    await certificate(request());
    await certificate(request('u1', { duration: '24h' }));
    await certificate(issued(2));
    await certificate({ type: 'Renew', afterRevision: 2, reason: 'Manual' });
    await certificate(issued(3));
    await certificate({ type: 'Delete', withdraw: true });
    await certificate(request('u2'));
    await certificate(issued(4, 'u2'));
    const events = (await told(APP)).map(({ type, uid, ...event }) => [
      type,
      uid,
      'revision' in event && event.revision,
    ]);
    expect(events).toEqual([
      ['certificate.requested', 'u1', 1],
      ['certificate.requested', 'u1', 2],
      ['certificate.issued', 'u1', 2],
      ['certificate.requested', 'u1', 3],
      ['certificate.renewed', 'u1', 3],
      ['certificate.requested', 'u2', 4],
      ['certificate.issued', 'u2', 4],
    ]);
    await close();
  });

  it('reads as far back as it takes, and no further', async () => {
    const { certificate, told, close } = world();
    await certificate(request());
    await certificate(issued(1));
    for (let n = 0; n < 40; n++) await certificate({ type: 'RecordKeyExport', exportId: `e${n}` });
    await certificate({ type: 'Renew', afterRevision: 1, reason: 'Manual' });
    expect((await told(APP)).at(-1)).toMatchObject({ type: 'certificate.requested', uid: 'u1', revision: 2 });
    await close();
  });

  it('tells of a destination to whom it belonged at that time', async () => {
    const { delivery, told, close } = world();
    const wanted = (name: string, uid: string) =>
      ({
        type: 'Request',
        destination: prod,
        certificate: `shop/${name}`,
        uid,
        revision: 1,
        generation: 1,
        fingerprint: 'f',
      }) as const;
    const seen = { revision: 1, generation: 1, objectUid: 'o', resourceVersion: '1', fingerprint: 'f' };
    await delivery(wanted('app', 'u1'));
    await delivery({ type: 'RecordRefused', run: 1, reason: 'NotOwned', message: 'm', random: 0 });
    await delivery({ type: 'BeginRun', after: 1, force: true });
    await delivery({ type: 'RecordRefused', run: 2, reason: 'NotOwned', message: 'm', random: 0 });
    await delivery({ type: 'BeginRun', after: 2, force: true });
    await delivery({ type: 'RecordConfirmed', run: 3, ...seen });
    await delivery({ type: 'Observe', after: 3, random: 0 });
    await delivery({ type: 'Withdraw', uid: 'u1', keep: true });
    await delivery(wanted('web', 'u2'));
    await delivery({ type: 'RecordConfirmed', run: 5, ...seen });
    const events = (await told(PROD)).map((event) => [
      event.type,
      event.name,
      ...('failures' in event ? [event.failures] : []),
    ]);
    expect(events).toEqual([
      ['certificate.failed', 'app', 1],
      ['certificate.failed', 'app', 2],
      ['certificate.delivered', 'app'],
      ['certificate.drifted', 'app'],
      ['certificate.delivered', 'web'],
    ]);
    await close();
  });

  it('does not ask the bus when there is nothing to tell, and throws what the bus throws', async () => {
    const { certificate, close } = world();
    const failing = {
      publish: async () => {
        throw new Error('no bus');
      },
    };
    const { services, close: closeOther } = testServices();
    await certificate(request());
    await announce({ store: services.store, bus: failing }, [commitOf('team/shop', 1, [{ type: 'TeamDeleted' }])]);
    const commit = commitOf(
      APP,
      1,
      (await fixturesOf(TODAY)).find(({ name }) => name === 'certificate.CertificateRequested')!.events,
    );
    await expect(announce({ store: services.store, bus: failing }, [commit])).rejects.toThrow('no bus');
    await Promise.all([close(), closeOther()]);
  });
});
