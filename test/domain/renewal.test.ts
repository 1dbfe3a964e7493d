import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RenewalInformation } from '../../lib/domain/ari.ts';
import type { Issued } from '../../lib/domain/issued.ts';
import {
  type IssueReason,
  needsOf,
  nextNeed,
  overrideAt,
  ownTime,
  policies,
  REPLACEMENT_REASONS,
  type RenewalFacts,
  specifiedRenewal,
} from '../../lib/domain/renewal.ts';
import { allowedFrom } from '../../lib/domain/renewalWindows.ts';
import type { CertificateSpec, RenewalSpec } from '../../lib/domain/spec.ts';
import { type Instant, secondsBetween } from '../../lib/domain/time.ts';
import { plus, START } from '../support/decider.ts';
import { specOf } from '../support/specs.ts';

const DAY = 86_400;
const HOUR = 3600;

const issuedFor = (seconds: number, more: Partial<Issued> = {}): Issued => ({
  revision: 1,
  generation: 1,
  serial: '01',
  fingerprint: 'f1',
  notBefore: START,
  notAfter: plus(seconds),
  chainRef: 'chain/u1/1',
  ...more,
});

const facts = (more: Partial<RenewalFacts> = {}, lifetime = 90 * DAY): RenewalFacts => ({
  uid: 'u1',
  spec: specOf(),
  specAt: START,
  issued: issuedFor(lifetime),
  issuedAt: START,
  ...more,
});

const information = (from: number, to: number, at: number): RenewalInformation => ({
  revision: 1,
  window: { start: plus(from), end: plus(to) },
  renewAt: plus(at),
  checkAt: plus(HOUR),
});

const nightly: RenewalSpec = {
  policy: 'RenewBefore',
  windows: [{ cron: '0 2 * * 6', windowDuration: '2h', timezone: 'Europe/Berlin' }],
  freezes: [],
};

describe('the reasons to issue', () => {
  const changed = (former: Partial<CertificateSpec>) =>
    facts({ specAt: plus(DAY), formerSpec: specOf(former), spec: specOf({ dnsNames: ['a.example.test'] }) });
  const known: [IssueReason, RenewalFacts, number][] = [
    ['NeverIssued', facts({ issued: undefined, specAt: plus(5) }), 5],
    ['SpecChanged', changed({ dnsNames: ['b.example.test'] }), DAY],
    [
      'SpecChanged',
      changed({ dnsNames: ['b.example.test'], issuerRef: { name: 'other', kind: 'ClusterIssuer' } }),
      DAY,
    ],
    [
      'IssuerChanged',
      changed({ dnsNames: ['a.example.test'], issuerRef: { name: 'other', kind: 'ClusterIssuer' } }),
      DAY,
    ],
    ...REPLACEMENT_REASONS.map((reason): [IssueReason, RenewalFacts, number] => [
      reason,
      facts({ replacements: [{ reason, at: plus(7 * HOUR) }] }),
      7 * HOUR,
    ]),
    ['AriWindow', facts({ renewalInfo: information(30 * DAY, 31 * DAY, 30 * DAY + 77) }), 30 * DAY + 77],
  ];
  it.each(known)('%s asks from its own time on', (reason, given, seconds) => {
    expect(nextNeed(given)).toMatchObject({ reason, at: plus(seconds) });
  });

  it('are all in the list, each once', () => {
    const seen = new Set([...known.map(([reason]) => reason), 'Expiring']);
    expect(policies.map(({ name }) => name).sort()).toEqual([...seen].sort());
  });

  it('name the gravest of those that are due, and the earliest where none is', () => {
    const given = facts({
      replacements: [
        { reason: 'Manual', at: plus(10) },
        { reason: 'KeyCompromised', at: plus(20) },
      ],
    });
    expect(nextNeed(given, START)?.reason).toBe('Manual');
    expect(nextNeed(given, plus(15))?.reason).toBe('Manual');
    expect(nextNeed(given, plus(30))?.reason).toBe('KeyCompromised');
  });

  it('do not name a certificate that is as it was asked for', () => {
    expect(needsOf(facts({ formerSpec: specOf() })).map(({ reason }) => reason)).toEqual(['Expiring']);
  });
});

describe('renewal by time', () => {
  const expiring = (more: Partial<CertificateSpec> = {}, lifetime = 90 * DAY) =>
    nextNeed(facts({ spec: specOf(more) }, lifetime))!;

  it('does not come when the policy is Disabled, by the CA’s window neither', () => {
    const renewal = { policy: 'Disabled', windows: [], freezes: [] } as const;
    const given = facts({ spec: specOf({ renewal }), renewalInfo: information(DAY, 2 * DAY, DAY) });
    expect(needsOf(given)).toEqual([]);
  });

  it('waits for the next window, in its zone over the change of the clocks', () => {
    // Saturday, 2026-03-28: 02:00 in Berlin is 01:00 UTC; a week later it is 00:00 UTC.
    const from = plus(55 * DAY);
    expect(allowedFrom(nightly, from, plus(90 * DAY))).toBe('2026-03-28T01:00:00.000Z');
    expect(allowedFrom(nightly, '2026-03-28T03:00:00.000Z', plus(90 * DAY))).toBe('2026-04-04T00:00:00.000Z');
    expect(allowedFrom(nightly, '2026-03-28T02:59:59.999Z', plus(90 * DAY))).toBe('2026-03-28T02:59:59.999Z');
    expect(expiring({ renewal: nightly }).at).toBe('2026-04-04T00:00:00.000Z');
  });

  it('waits for the end of a freeze, also where a window is open', () => {
    const freezes = [{ cron: '0 0 1 4 *', windowDuration: '240h', timezone: 'UTC' }];
    expect(expiring({ renewal: { policy: 'RenewBefore', windows: [], freezes } }).at).toBe('2026-04-11T00:00:00.000Z');
    expect(expiring({ renewal: { ...nightly, freezes } }).at).toBe('2026-04-11T00:00:00.000Z');
  });

  it('goes ahead near the end when no window opens, or a freeze does not end', () => {
    const never = { cron: '0 0 30 2 *', windowDuration: '1h', timezone: 'UTC' };
    const always = { cron: '* * * * *', windowDuration: '1h', timezone: 'UTC' };
    for (const part of [{ windows: [never] }, { freezes: [always] }]) {
      const renewal: RenewalSpec = { policy: 'RenewBefore', windows: [], freezes: [], ...part };
      expect(expiring({ renewal }).at).toBe(plus(81 * DAY));
    }
  });

  it('that missed its window waits for the next one, until the override', () => {
    const given = facts({ spec: specOf({ renewal: nightly }) });
    expect(nextNeed(given, '2026-04-04T01:00:00.000Z')).toMatchObject({ at: '2026-04-04T00:00:00.000Z' });
    expect(nextNeed(given, '2026-04-04T05:00:00.000Z')).toMatchObject({ at: '2026-04-11T00:00:00.000Z' });
    expect(nextNeed(given, plus(80 * DAY))!.at > plus(80 * DAY)).toBe(true);
    expect(nextNeed(given, plus(81 * DAY))!.at <= plus(81 * DAY)).toBe(true);
  });

  it('takes the CA’s window in place of the default, and a renewBefore that somebody wrote beside it', () => {
    const late = information(70 * DAY, 72 * DAY, 71 * DAY);
    expect(nextNeed(facts({ renewalInfo: late }))).toMatchObject({ reason: 'AriWindow', at: plus(71 * DAY) });
    const written = facts({ renewalInfo: late, spec: specOf({ renewBefore: '720h' }) });
    expect(nextNeed(written)?.reason).toBe('Expiring');
    expect(nextNeed(facts({ renewalInfo: { ...late, revision: 0 } }))?.reason).toBe('Expiring');
  });

  it('takes another instant of the CA’s window when that one alone is within a window of ours', () => {
    const given = facts({
      spec: specOf({ renewal: nightly }),
      renewalInfo: information(55 * DAY, 57 * DAY, 56.9 * DAY),
    });
    expect(nextNeed(given)).toMatchObject({ reason: 'AriWindow', at: '2026-03-28T01:00:00.000Z' });
  });

  it('does not wait for a CA that suggests a time after the end, and does not follow one that always says now', () => {
    const absurd = facts({ renewalInfo: information(100 * DAY, 101 * DAY, 100 * DAY) });
    expect(nextNeed(absurd)!.at).toBe(plus(81 * DAY));
    const past = facts({ renewalInfo: information(-2 * DAY, -DAY, -1.5 * DAY) });
    expect(nextNeed(past)!.at).toBe(plus(6 * HOUR));
  });

  it('does not replace again at once what we ourselves found wrong', () => {
    const found = facts({ replacements: [{ reason: 'SecretLost', at: plus(1) }] });
    expect(nextNeed(found)!.at).toBe(plus(300));
    expect(nextNeed(facts({ replacements: [{ reason: 'Revoked', at: plus(1) }] }))!.at).toBe(plus(1));
  });
});

describe('what always holds', () => {
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Pacific/Auckland');
  const window = fc.record({
    cron: fc.constantFrom('0 2 * * 6', '30 1 * * *', '0 0 1 * *', '15 3 * * 1-5', '0 0 30 2 *'),
    windowDuration: fc.constantFrom('10m', '2h', '26h', '240h'),
    timezone: zone,
  });
  const renewal = fc.record({
    policy: fc.constant('RenewBefore' as const),
    windows: fc.array(window, { maxLength: 2 }),
    freezes: fc.array(window, { maxLength: 2 }),
  });
  const spec = fc
    .record(
      {
        renewBefore: fc.constantFrom('5m', '24h', '720h', '2000h'),
        renewBeforePercentage: fc.integer({ min: 1, max: 99 }),
        renewal,
      },
      { requiredKeys: [] },
    )
    .map(specOf);
  const part = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  const situation = fc
    .record({
      uid: fc.uuid(),
      spec,
      lifetime: fc.oneof(fc.integer({ min: 30, max: 9 * DAY }), fc.integer({ min: 10 * DAY, max: 100 * DAY })),
      late: part,
      window: fc.option(fc.record({ from: fc.double({ min: -1, max: 2, noNaN: true }), length: part, at: part })),
    })
    .map(({ uid, spec: wanted, lifetime, late, window: ari }): RenewalFacts => {
      const from = Math.floor((ari?.from ?? 0) * lifetime);
      const length = Math.ceil((ari?.length ?? 0) * lifetime) + 1;
      const renewalInfo = ari ? information(from, from + length, from + ari.at * length) : undefined;
      const issuedAt = plus(Math.floor(late * lifetime));
      return { uid, spec: wanted, specAt: START, issued: issuedFor(lifetime), issuedAt, renewalInfo };
    });
  const moment = fc.double({ min: 0, max: 1.2, noNaN: true });
  const at = (given: RenewalFacts, share: number): Instant =>
    plus(Math.floor(secondsBetween(START, given.issued!.notAfter) * share));

  it('a renewal lies after the issue and before the end', () => {
    fc.assert(
      fc.property(situation, (given) => {
        for (const need of needsOf(given)) {
          expect(need.at > given.issuedAt!).toBe(true);
          expect(need.at < given.issued!.notAfter).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('the same certificate has the same time, by its uid at most a hundredth of its life before what the spec says', () => {
    fc.assert(
      fc.property(situation, fc.uuid(), (given, other) => {
        const { uid, spec: wanted, issued } = given;
        expect(nextNeed(structuredClone(given))).toEqual(nextNeed(given));
        const latest = specifiedRenewal(wanted, issued!);
        for (const one of [uid, other]) {
          const own = ownTime(one, wanted, issued!);
          expect(own <= latest).toBe(true);
          const earlier = secondsBetween(own, latest);
          expect(earlier).toBeLessThanOrEqual(secondsBetween(START, issued!.notAfter) / 100 + 1);
          expect(own >= START).toBe(true);
        }
      }),
    );
  });

  it('a renewal by time happens in a window and in no freeze, or at the override, whenever it is looked at', () => {
    fc.assert(
      fc.property(situation, moment, (given, share) => {
        const now = at(given, share);
        const need = nextNeed(given, now)!;
        const when = need.at <= now ? now : need.at;
        const open = allowedFrom(given.spec.renewal, when, plus(1, when)) === when;
        expect(open || when >= need.atLatest!).toBe(true);
        expect(need.atLatest! >= overrideAt(given.spec, given.issued!)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('who looks again and again sees the time come: it is never put off past the override', () => {
    fc.assert(
      fc.property(situation, moment, (given, share) => {
        const now = at(given, share);
        const need = nextNeed(given, now)!;
        expect(need.at <= need.atLatest!).toBe(true);
        const there = nextNeed(given, need.atLatest!)!;
        expect(there.at <= need.atLatest!).toBe(true);
      }),
    );
  });

  it('spreads certificates that are issued together', () => {
    const times = Array.from({ length: 1000 }, (_, n) => ownTime(`uid-${n}`, specOf(), issuedFor(90 * DAY)));
    const hours = new Map<number, number>();
    for (const time of times) {
      const hour = Math.floor(secondsBetween(START, time) / HOUR);
      hours.set(hour, (hours.get(hour) ?? 0) + 1);
    }
    expect(hours.size).toBeGreaterThanOrEqual(21);
    expect(Math.max(...hours.values())).toBeLessThan(90);
  });
});
