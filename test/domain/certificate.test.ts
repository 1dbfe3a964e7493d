import { describe, expect, it } from 'vitest';
import { type LiveCertificate, leftDestinations, owesDispatch, renewAt } from '../../lib/domain/certificate.ts';
import { type Destination, destinationKey } from '../../lib/domain/destination.ts';
import type { CertificateSpec } from '../../lib/domain/spec.ts';
import { needsIssuance } from '../../lib/domain/specChange.ts';
import {
  DISK,
  disk,
  dispatched,
  facts,
  given,
  issued,
  PROD,
  prod,
  renewal,
  request,
  requested,
  spec,
} from '../support/certificateEvents.ts';
import { plus, START } from '../support/decider.ts';

describe('requesting', () => {
  it('fills the uid that the certificate has into the names of secrets, so that the same request changes nothing', () => {
    const named = (name: string): CertificateSpec => ({ ...spec, destinations: [{ kind: 'secretsManager', name }] });
    const asked = named('shop/app-{uid}');
    const uid = '0b5e1c2d-7f00-4000-8000-000000000000';
    const first = requested({ uid, spec: named('shop/app-0b5e1c2d') });
    given().when(request(asked, uid)).then(first);
    given(first).when(request(asked, 'other')).then();
    expect(destinationKey(first.spec.destinations[0]!)).toBe('secretsManager/shop%2Fapp-0b5e1c2d');
  });

  it('takes the first uid, generation and revision, and issues', () => {
    given().when(request(spec, 'u1')).then(requested());
  });

  it('changes nothing when the spec is what stands, whatever the order of its members', () => {
    const turned = Object.fromEntries(Object.entries(spec).reverse()) as unknown as CertificateSpec;
    given(requested()).when(request(turned)).then();
  });

  it('asks for a new revision when the issued one does not satisfy the new spec', () => {
    const wanted = { ...spec, dnsNames: ['app.example.test', 'www.example.test'] };
    given(requested(), issued(1))
      .when(request(wanted))
      .then(requested({ generation: 2, revision: 2, reason: 'SpecChanged', spec: wanted }));
  });

  it('still says that none was ever issued when the spec changes before the first', () => {
    const wanted = { ...spec, duration: '24h' };
    given(requested())
      .when(request(wanted))
      .then(requested({ generation: 2, revision: 2, reason: 'NeverIssued', spec: wanted }));
  });

  it('keeps the issuance under way when only delivery or renewal changes', () => {
    const wanted = { ...spec, renewBefore: '240h', secretTemplate: { labels: { a: 'b' } }, destinations: [prod] };
    const { revision: _, reason: __, ...event } = requested({ generation: 2, spec: wanted });
    const { state } = given(requested()).and([event]);
    expect(state).toMatchObject({ generation: 2, lastRevision: 1, issuing: { revision: 1, generation: 1 } });
    given(requested()).when(request(wanted)).then(event);
  });

  it('begins a new life after a deletion, and never uses a revision twice', () => {
    given(requested(), issued(1), { type: 'CertificateDeleted', uid: 'u1', withdraw: false })
      .when(request(spec, 'u2'))
      .then(requested({ uid: 'u2', generation: 2, revision: 2 }));
  });
});

describe('what needs a new issuance', () => {
  const changes: [string, Partial<CertificateSpec>, boolean][] = [
    ['names', { dnsNames: ['b.example.test'] }, true],
    ['addresses', { ipAddresses: ['10.0.0.1'] }, true],
    ['the issuer', { issuerRef: { name: 'other', kind: 'Issuer' } }, true],
    ['the duration', { duration: '24h' }, true],
    ['usages', { usages: ['client auth'] }, true],
    ['isCA', { isCA: true }, true],
    ['the common name', { commonName: 'a' }, true],
    ['the subject', { subject: { organizations: ['o'] } }, true],
    ['a CSR', { request: 'pem' }, true],
    ['the key size', { privateKey: { ...spec.privateKey, size: 384 } }, true],
    ['the encoding', { privateKey: { ...spec.privateKey, encoding: 'PKCS8' } }, false],
    ['the rotation', { privateKey: { ...spec.privateKey, rotationPolicy: 'Never' } }, false],
    ['the destinations', { destinations: [prod] }, false],
    ['renewBefore', { renewBefore: '1h' }, false],
    ['the template', { secretTemplate: { labels: { a: 'b' } } }, false],
  ];
  it.each(changes)('a change of %s: %j -> %s', (_name, change, needed) => {
    expect(needsIssuance(spec, { ...spec, ...change })).toBe(needed);
  });
});

describe('renewing', () => {
  it('asks for the next revision after the one that is issued', () => {
    given(requested(), issued(1))
      .when({ type: 'Renew', afterRevision: 1, reason: 'Expiring' })
      .then({ type: 'RenewalRequested', revision: 2, reason: 'Expiring' });
  });

  it('does nothing while an issuance is under way, and for a revision that is no longer the newest', () => {
    given(requested()).when({ type: 'Renew', afterRevision: 1, reason: 'Manual' }).then();
    given(requested(), issued(1), { type: 'RenewalRequested', revision: 2, reason: 'Expiring' }, issued(2))
      .when({ type: 'Renew', afterRevision: 1, reason: 'Expiring' })
      .then();
  });

  it('is refused for a name that has no certificate', () => {
    given().when({ type: 'Renew', afterRevision: 1, reason: 'Manual' }).refused('CertificateNotFound');
    given(requested(), { type: 'CertificateDeleted', uid: 'u1', withdraw: false })
      .when({ type: 'Renew', afterRevision: 1, reason: 'Manual' })
      .refused('CertificateNotFound');
  });

  it('is due by renewBefore, or by a third of the actual lifetime, up to a hundredth of it earlier', () => {
    const within = (at: string | undefined, latest: string) => {
      expect(at! <= latest).toBe(true);
      expect(at! >= plus(-0.9 * 86_400, latest)).toBe(true);
    };
    within(renewAt(given(requested(), issued(1)).state as LiveCertificate), plus(60 * 86_400));
    within(given(requested({ spec: { ...spec, renewBefore: '240h' } }), issued(1)).dueAt, plus(80 * 86_400));
  });

  it('does not follow at once on a certificate that was over when it came: some clock is wrong', () => {
    const past = issued(1, { notBefore: plus(-86_400), notAfter: plus(-3600) });
    expect(renewAt(given(requested(), past).state as LiveCertificate)).toBe(plus(300));
  });
});

describe('recording what was issued', () => {
  const record = (revision: number, uid = 'u1') => ({ type: 'RecordIssued', uid, issued: facts(revision) }) as const;

  it('makes it the certificate, with the time of its renewal', () => {
    given(requested()).when(record(1)).then(issued(1));
  });

  it('changes nothing when it is the one already', () => {
    given(requested(), issued(1)).when(record(1)).then();
  });

  it('discards the revision of a spec that was superseded meanwhile', () => {
    const wanted = { ...spec, duration: '24h' };
    given(requested(), requested({ generation: 2, revision: 2, spec: wanted }))
      .when(record(1))
      .then({ type: 'CertificateDiscarded', revision: 1, reason: 'Superseded' });
  });

  it('discards the revision of a certificate that was deleted meanwhile, even when the name lives again', () => {
    const deleted = { type: 'CertificateDeleted', uid: 'u1', withdraw: false } as const;
    const discarded = { type: 'CertificateDiscarded', revision: 1, reason: 'Deleted' } as const;
    given(requested(), deleted).when(record(1)).then(discarded);
    given(requested(), deleted, requested({ uid: 'u2', generation: 2, revision: 2 }))
      .when(record(1))
      .then(discarded);
  });

  it('discards once', () => {
    given(requested(), { type: 'CertificateDeleted', uid: 'u1', withdraw: false })
      .and([{ type: 'CertificateDiscarded', revision: 1, reason: 'Deleted' }])
      .when(record(1))
      .then();
  });
});

describe('dispatching to destinations', () => {
  const to = (...destinations: Destination[]) => ({ ...spec, destinations });
  const changed = (generation: number, ...destinations: Destination[]) => {
    const { revision: _, reason: __, ...event } = requested({ generation, spec: to(...destinations) });
    return event;
  };

  it('is owed once something is issued, for every new revision, and for every new generation', () => {
    expect(owesDispatch(given(requested({ spec: to(prod) })).state as LiveCertificate)).toBe(false);
    const first = given(requested({ spec: to(prod) }), issued(1));
    expect(owesDispatch(first.state as LiveCertificate)).toBe(true);
    expect(first.dueAt).toBe(plus(60));
    const done = first.and([dispatched(1, [PROD])]);
    expect(owesDispatch(done.state as LiveCertificate)).toBe(false);
    expect(owesDispatch(done.and([changed(2, prod, disk)]).state as LiveCertificate)).toBe(true);
  });

  it('is not owed by a certificate without destinations', () => {
    expect(given(requested(), issued(1)).dueAt).toBe(renewal);
  });

  it('lets go of every destination that any earlier spec named, also when its dispatch was never recorded', () => {
    const first = given(requested({ spec: to(prod) }), issued(1));
    const moved = first.and([changed(2, disk)]);
    expect(leftDestinations(moved.state as LiveCertificate)).toEqual([PROD]);
    expect(leftDestinations(moved.and([changed(3)]).state as LiveCertificate)).toEqual([PROD, DISK]);
    expect(owesDispatch(moved.and([changed(3)]).state as LiveCertificate)).toBe(true);
    expect(leftDestinations(moved.and([changed(3, prod)]).state as LiveCertificate)).toEqual([DISK]);
    expect(leftDestinations(moved.and([dispatched(2, [DISK])]).state as LiveCertificate)).toEqual([]);
  });

  it('keeps in mind what is left when an older dispatch is recorded late', () => {
    const moved = given(requested({ spec: to(prod) }), issued(1)).and([changed(2, disk), dispatched(1, [PROD])]);
    expect(leftDestinations(moved.state as LiveCertificate)).toEqual([PROD]);
    expect(owesDispatch(moved.state as LiveCertificate)).toBe(true);
  });

  it('records nothing twice, nothing older, and nothing before there is a certificate', () => {
    const record = (generation: number, destinations: string[]) =>
      ({ type: 'RecordDeliveries', revision: 1, generation, destinations, taken: [] }) as const;
    given(requested({ spec: to(prod) }))
      .when(record(1, [PROD]))
      .then();
    const live = given(requested({ spec: to(prod) }), issued(1));
    live.when(record(1, [PROD])).then(dispatched(1, [PROD]));
    live
      .and([dispatched(1, [PROD])])
      .when(record(1, [PROD]))
      .then();
    live
      .and([changed(2, disk), dispatched(2, [DISK])])
      .when(record(1, [PROD]))
      .then();
  });

  it('tries again for a destination that another certificate holds', () => {
    const taken = { ...dispatched(1, [PROD]), taken: [{ destination: PROD, by: 'shop/other' }] };
    expect(given(requested({ spec: to(prod) }), issued(1), taken).dueAt).toBe(plus(600));
  });

  it('releases them all when the certificate is deleted, and is due until that is done', () => {
    const gone = given(requested({ spec: to(prod) }), issued(1), changed(2, disk))
      .when({ type: 'Delete', withdraw: true })
      .next();
    expect(gone.state.releasing).toEqual([{ uid: 'u1', withdraw: true, destinations: [PROD, DISK], since: START }]);
    expect(gone.dueAt).toBe(plus(60));
    const released = gone.when({ type: 'RecordReleased', uid: 'u1' }).next();
    expect(released.dueAt).toBe(plus(60));
    const purged = released.when({ type: 'RecordPurged', uid: 'u1' }).next();
    expect(purged.dueAt).toBeUndefined();
  });
});

describe('noting that the end is near', () => {
  const DAY = 86_400;
  const note = { type: 'RecordExpiryNear', revision: 1 } as const;
  const neared = { type: 'ExpiryNeared', revision: 1, notAfter: plus(90 * DAY) } as const;

  it('happens a week before it, once a revision, also while the next one is under way', () => {
    const held = given(requested(), issued(1), { type: 'RenewalRequested', revision: 2, reason: 'Expiring' });
    held.when(note, plus(83 * DAY - 1)).then();
    held.when(note, plus(83 * DAY)).then(neared);
    held
      .and([neared])
      .when(note, plus(84 * DAY))
      .then();
    held
      .and([issued(2, { notBefore: plus(84 * DAY), notAfter: plus(94 * DAY) })])
      .when(note, plus(93 * DAY))
      .then();
  });

  const lives: [string, Partial<CertificateSpec>, number, number][] = [
    ['a tenth of a short life', {}, 10 * DAY, 9 * DAY],
    ['half of the time that the renewal has', { renewBefore: '1h' }, 90 * DAY, 90 * DAY - 1800],
    ['a week of a long life', { renewBefore: '8760h' }, 3650 * DAY, 3643 * DAY],
  ];
  it.each(lives)('is %s', (_name, more, lifetime, at) => {
    const held = given(requested({ spec: { ...spec, ...more } }), issued(1, { notAfter: plus(lifetime) }));
    held.when(note, plus(at - 1)).then();
    held.when(note, plus(at)).then({ ...neared, notAfter: plus(lifetime) });
  });

  it('is due, so that the scan comes by, and is of no use without a certificate', () => {
    const begun = plus(83 * DAY + 7);
    const late = given(requested(), issued(1)).and(
      [{ type: 'RenewalRequested', revision: 2, reason: 'Manual' }],
      begun,
    );
    expect(late.dueAt).toBe(plus(83 * DAY));
    expect(late.and([neared]).dueAt).toBe(plus(60, begun));
    given().when(note).then();
    given(requested()).when(note).then();
  });
});

describe('exporting a key', () => {
  it('is a fact of its own, once an export', () => {
    const exported = { type: 'KeyExported', revision: 1, exportId: 'e1' } as const;
    given(requested(), issued(1)).when({ type: 'RecordKeyExport', exportId: 'e1' }).then(exported);
    given(requested(), issued(1), exported).when({ type: 'RecordKeyExport', exportId: 'e1' }).then();
  });

  it('is refused where there is none', () => {
    given(requested()).when({ type: 'RecordKeyExport', exportId: 'e1' }).refused('KeyNotHeld');
    given(requested(), issued(1, { keyRef: undefined }))
      .when({ type: 'RecordKeyExport', exportId: 'e1' })
      .refused('KeyNotHeld');
  });
});
