import { afterEach, describe, expect, it } from 'vitest';
import { type RenewalTurns, renewalTurns } from '../../lib/application/renewalTurns.ts';
import { type ScanOptions, scan } from '../../lib/application/scan.ts';
import type { Services } from '../../lib/application/services.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { certificateStream, type LiveCertificate, renewAt } from '../../lib/domain/certificate.ts';
import type { CertificateSpec } from '../../lib/domain/spec.ts';
import type { Instant } from '../../lib/domain/time.ts';
import { plus, START } from '../support/decider.ts';
import { type TestServices, testServices } from '../support/services.ts';
import { specOf } from '../support/specs.ts';

const DAY = 86_400;
const meta = { actor: 'test' };

const open: TestServices[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** Certificates that are issued at START for ninety days, and a clock that the test sets. */
async function issuedWorld(count: number, spec: Partial<CertificateSpec> = {}) {
  let now = START;
  const made = testServices({ clock: { now: () => now } });
  open.push(made);
  const { services } = made;
  const names = Array.from({ length: count }, (_, n) => `web-${n}`);
  await Promise.all(names.map((name) => issue(services, name, spec)));
  const streams = names.map((name) => certificateStream('shop', name));
  return {
    services,
    at: (next: Instant) => {
      now = next;
    },
    scan: (options: ScanOptions = {}) => scan(services, { perSecond: Number.POSITIVE_INFINITY, ...options }),
    /** How often each certificate was asked to be renewed. */
    async renewals(): Promise<number[]> {
      const all = await Promise.all(streams.map((stream) => services.store.commits(stream)));
      return all.map((commits) => commits.flatMap(({ events }) => events).filter(isRenewal).length);
    },
    /** When they are to be renewed, earliest first. */
    async times(): Promise<Instant[]> {
      const states = await Promise.all(streams.map((stream) => services.ledger.load(certificateDecider, stream)));
      return states.map(({ state }) => renewAt(state as LiveCertificate)!).sort();
    },
  };
}

const isRenewal = ({ type }: { readonly type: string }): boolean => type === 'RenewalRequested';
const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0);

async function issue({ ledger }: Services, name: string, spec: Partial<CertificateSpec>): Promise<void> {
  const uid = `uid-${name}`;
  const facts = { revision: 1, generation: 1, serial: '01', fingerprint: 'f', chainRef: 'c', keyRef: 'k' };
  const request = { type: 'Request', uid, spec: specOf(spec), policyVersion: 1 } as const;
  const issued = { ...facts, notBefore: START, notAfter: plus(90 * DAY) };
  const record = { type: 'RecordIssued', uid, issued } as const;
  await ledger.handleAll(certificateDecider, certificateStream('shop', name), [request, record], meta);
}

describe('a scan whose time ends', () => {
  it('begins nothing more, says so, and the next goes on with the rest', async () => {
    const world = await issuedWorld(250);
    world.at(plus(60 * DAY));
    const clocks = [Array.from({ length: 120 }, () => 60_000), []].map((left) => () => left.pop() ?? 0);
    const first = await world.scan({ remaining: clocks[0] });
    expect(first).toEqual({ due: 120, failed: 0, finished: false });
    expect(sum(await world.renewals())).toBeLessThanOrEqual(120);
    expect(await world.scan({ remaining: clocks[1] })).toEqual({ due: 0, failed: 0, finished: false });
    let due = first.due;
    for (let result = first; !result.finished; ) {
      result = await world.scan();
      due += result.due;
    }
    expect(due).toBe(250);
    expect(await world.scan()).toMatchObject({ due: 0, finished: true });
  });

  it('or that dies in the middle, or overlaps with others, leaves each certificate with one renewal', async () => {
    const world = await issuedWorld(60);
    const { services } = world;
    world.at(plus(60 * DAY));
    let left = 25;
    const dying: Services = {
      ...services,
      store: {
        ...services.store,
        due: services.store.due,
        async postpone(...args) {
          if (left-- <= 0) throw new Error('the process died');
          return services.store.postpone(...args);
        },
      },
    };
    await expect(scan(dying, { perSecond: Number.POSITIVE_INFINITY })).rejects.toThrow('the process died');
    await Promise.all([world.scan(), world.scan(), world.scan()]);
    await world.scan();
    expect(await world.renewals()).toEqual(Array.from({ length: 60 }, () => 1));
  });
});

describe('a bound on starts', () => {
  it('lets a second’s worth go at once, and the others one after the other', async () => {
    const world = await issuedWorld(30);
    world.at(plus(60 * DAY));
    const begin = performance.now();
    await world.scan({ perSecond: 20 });
    // Twenty at once, then ten at a twentieth of a second each. That it takes no longer is nobody's promise.
    expect(performance.now() - begin).toBeGreaterThanOrEqual(450);
    expect(sum(await world.renewals())).toBe(30);
  });
});

describe('turns of renewals by time', () => {
  it('hold back what is over the hour’s number, keep the time that is shown, and lose nobody', async () => {
    const world = await issuedWorld(40);
    const turns = renewalTurns(world.services.limits, 24);
    const shown = await world.times();
    let hours = 0;
    const begun: number[] = [];
    for (let minute = 0; minute < 3 * 60; minute += 5) {
      world.at(plus(60 * DAY + minute * 60));
      await world.scan({ turns });
      const all = sum(await world.renewals());
      begun.push(all);
      if (all < 40) hours = minute / 60;
    }
    expect(begun[0]).toBe(2);
    for (let index = 12; index < begun.length; index++)
      expect(begun[index]! - begun[index - 12]!).toBeLessThanOrEqual(26);
    expect(await world.renewals()).toEqual(Array.from({ length: 40 }, () => 1));
    expect(hours).toBeGreaterThan(1);
    expect(shown.at(-1)! <= plus(60 * DAY)).toBe(true);
  });

  it('show the time that was planned while a renewal is held back', async () => {
    const world = await issuedWorld(5);
    const shown = await world.times();
    world.at(plus(60 * DAY));
    await world.scan({ turns: renewalTurns(world.services.limits, 1) });
    expect(sum(await world.renewals())).toBe(1);
    expect(await world.times()).toEqual(shown);
  });

  it('do not hold back what is near its end', async () => {
    const world = await issuedWorld(40);
    world.at(plus(81 * DAY));
    await world.scan({ turns: renewalTurns(world.services.limits, 1) });
    expect(sum(await world.renewals())).toBe(40);
  });

  it('count each issuer alone', async () => {
    const world = await issuedWorld(0);
    const turns = renewalTurns(world.services.limits, 1);
    expect([await turns.take('a', 's1', START), await turns.take('b', 's2', START)]).toEqual([0, 0]);
    expect(await turns.take('a', 's3', START)).toBe(3600);
    expect(await turns.take('a', 's4', START)).toBe(7200);
    expect(await turns.take('a', 's3', plus(1800))).toBe(1800);
    expect(await turns.take('a', 's3', plus(3600))).toBe(0);
    expect(await turns.take('a', 's4', plus(7200))).toBe(0);
  });

  it('hold for scans of several processes at once, and of a new process each time', async () => {
    const world = await issuedWorld(40);
    const begun: number[] = [];
    for (let minute = 0; minute < 3 * 60; minute += 5) {
      world.at(plus(60 * DAY + minute * 60));
      const { limits } = world.services;
      await Promise.all([1, 2, 3].map(() => world.scan({ turns: renewalTurns(limits, 24) })));
      begun.push(sum(await world.renewals()));
    }
    expect(begun[0]).toBeLessThanOrEqual(2);
    for (let index = 12; index < begun.length; index++)
      expect(begun[index]! - begun[index - 12]!).toBeLessThanOrEqual(26);
    expect(begun.at(-1)).toBeGreaterThan(24);
    expect(Math.max(...(await world.renewals()))).toBe(1);
  });

  it('go by what others took, and give whoever must wait a time when a turn may be free', async () => {
    const world = await issuedWorld(0);
    const [one, other] = [1, 2].map(() => renewalTurns(world.services.limits, 1)) as [RenewalTurns, RenewalTurns];
    expect(await one.take('a', 's1', START)).toBe(0);
    expect(await other.take('a', 's2', START)).toBe(3600);
    expect(await other.take('a', 's3', START)).toBe(7200);
    expect(await one.take('a', 's4', plus(3600))).toBe(0);
    expect(await other.take('a', 's2', plus(3600))).toBe(7200);
    expect(await other.take('a', 's3', plus(7200))).toBe(0);
  });

  it('are given nobody while others write without end, and then again', async () => {
    const world = await issuedWorld(0);
    let busy = true;
    const { limits } = world.services;
    const write: typeof limits.write = async (rows) => (busy ? 'conflict' : limits.write(rows));
    const turns = renewalTurns({ read: (keys) => limits.read(keys), write }, 1000);
    expect(await turns.take('a', 's1', START)).toBe(10);
    busy = false;
    expect(await turns.take('a', 's1', plus(10))).toBe(0);
  });
});

describe('a clock that is wrong by a day', () => {
  it('renews each certificate once at most, none that was not due within that day, and none twice when it is set right', async () => {
    const world = await issuedWorld(200);
    const times = await world.times();
    const [from, to] = [times[0]!, plus(DAY / 4, times[0]!)];
    const byThen = times.filter((time) => time <= to).length;
    expect(byThen).toBeGreaterThan(10);
    expect(byThen).toBeLessThan(190);
    for (const now of [plus(-DAY, from), to, plus(-DAY, to), to, plus(-DAY, to)]) {
      world.at(now);
      await world.scan();
      await world.scan();
    }
    const renewals = await world.renewals();
    expect(sum(renewals)).toBe(byThen);
    expect(Math.max(...renewals)).toBe(1);
  });

  it('lets no more begin within an hour than ever, when it goes ahead', async () => {
    const world = await issuedWorld(100);
    const turns = renewalTurns(world.services.limits, 120);
    world.at(plus(59 * DAY));
    await world.scan({ turns });
    world.at(plus(60 * DAY));
    await world.scan({ turns });
    world.at(plus(59 * DAY));
    await world.scan({ turns });
    expect(sum(await world.renewals())).toBeLessThanOrEqual(20);
  });
});

describe('windows', () => {
  const renewal = {
    policy: 'RenewBefore',
    windows: [{ cron: '0 2 * * *', windowDuration: '1h', timezone: 'UTC' }],
    freezes: [],
  } as const;

  it('are kept by the scan: what missed its window comes back for the next', async () => {
    const world = await issuedWorld(1, { renewal });
    const [planned] = await world.times();
    expect(planned).toMatch(/T02:00:00.000Z$/);
    world.at(plus(3 * 3600, planned));
    await world.scan();
    expect(await world.renewals()).toEqual([0]);
    world.at(plus(DAY - 1, planned));
    expect(await world.scan()).toMatchObject({ due: 0 });
    world.at(plus(DAY + 1, planned));
    await world.scan();
    expect(await world.renewals()).toEqual([1]);
  });

  it('do not matter to whoever asks, and are not asked about a certificate that is not to be renewed', async () => {
    const world = await issuedWorld(1, { renewal: { ...renewal, policy: 'Disabled' } });
    world.at(plus(89 * DAY));
    await world.scan();
    expect(await world.renewals()).toEqual([0]);
    const stream = certificateStream('shop', 'web-0');
    const lost = { type: 'ScheduleReplacement', revision: 1, reason: 'SecretLost', at: plus(89 * DAY) } as const;
    await world.services.ledger.handle(certificateDecider, stream, lost, meta);
    await world.scan();
    expect(await world.renewals()).toEqual([1]);
  });
});
