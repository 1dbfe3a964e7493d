import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { divert, FAILOVER_DEFAULTS, failuresWith, isOfTheCa, mayLeave } from '../../lib/domain/failover.ts';
import { issuerDecider } from '../../lib/domain/issuer.ts';
import { instant, secondsBetween } from '../../lib/domain/time.ts';
import { plus, rulesOf, START } from '../support/decider.ts';

const failover = { ...FAILOVER_DEFAULTS, to: [{ name: 'other', kind: 'ClusterIssuer' }], failures: 2 } as const;

describe('an issuer that has a failover', () => {
  const { given } = rulesOf(issuerDecider);
  const configured = { type: 'IssuerConfigured', generation: 1, spec: { selfSigned: {}, failover } } as const;
  const ready = { type: 'IssuerBecameReady', generation: 1 } as const;
  const failed = (attempt: string) => ({ type: 'RecordCaFailure', attempt, problem: 'caTimeout' }) as const;
  const seen = (attempt: string) => ({ type: 'CaFailureSeen', attempt, problem: 'caTimeout' }) as const;
  const diverted = { type: 'IssuerDiverted', reason: 'caTimeout', backAt: plus(3600), turn: 1 } as const;

  it('is diverted at the last failure that its spec bears, and not by one that is told twice', () => {
    given(configured, ready).when(failed('a')).then(seen('a'));
    given(configured, ready, seen('a')).when(failed('a')).then();
    given(configured, ready, seen('a')).when(failed('b')).then(seen('b'), diverted);
  });

  it('bears failures that are far apart', () => {
    given(configured, ready, seen('a')).when(failed('b'), plus(3601)).then(seen('b'));
  });

  it('does not count while others stand in for it', () => {
    given(configured, ready, seen('a'), seen('b'), diverted).when(failed('c')).then();
  });

  it('is taken back when its time is over and its check found it well, not before', () => {
    const away = given(configured, ready, seen('a'), seen('b'), diverted);
    away.when({ type: 'Restore' }, plus(3599)).then();
    away.when({ type: 'Restore' }, plus(3600)).then({ type: 'IssuerRestored' });
    const unready = { type: 'IssuerBecameUnready', generation: 1, reason: 'r', message: 'm' } as const;
    away.and([unready]).when({ type: 'Restore' }, plus(3600)).then();
    expect(away.dueAt).toBe(plus(3600));
  });

  it('that fails again soon is left alone for longer', () => {
    const again = given(configured, ready, seen('a'), seen('b'), diverted, { type: 'IssuerRestored' }, seen('c'));
    const longer = { type: 'IssuerDiverted', reason: 'caTimeout', backAt: plus(2 * 3600), turn: 2 } as const;
    again.when(failed('d')).then(seen('d'), longer);
  });

  it('that is configured anew begins anew', () => {
    const spec = { ca: { secretName: 'ca' }, failover };
    const after = given(configured, ready, seen('a'), seen('b'), diverted).when({ type: 'Configure', spec }).next();
    expect(after.state.diverted).toBeUndefined();
    after.when(failed('c')).then(seen('c'));
  });

  it('is not counted at all without a failover', () => {
    given({ ...configured, spec: { selfSigned: {} } })
      .when(failed('a'))
      .then();
  });
});

describe('what counts', () => {
  test.each([
    ['caUnreachable', true],
    ['serverInternal', true],
    ['rateLimited', true],
    ['connection', false],
    ['dns', false],
    ['unauthorized', false],
    ['caa', false],
    ['rejectedIdentifier', false],
    ['IssuerNotFound', false],
  ])('%s: %s', (type, counts) => {
    expect(isOfTheCa({ type, detail: '' })).toBe(counts);
  });

  test('as many failures are kept as are asked for, and none that is older than the window', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 10_000 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        (gaps, most) => {
          let at = START;
          let known: ReturnType<typeof failuresWith> = [];
          for (const [index, gap] of gaps.entries()) {
            at = plus(gap, at);
            known = failuresWith(known, { id: `${index}`, at }, { ...failover, failures: most });
            expect(known.length).toBeLessThanOrEqual(most);
            expect(known.at(-1)!.id).toBe(`${index}`);
            for (const one of known) expect(secondsBetween(one.at, at)).toBeLessThanOrEqual(3600);
          }
        },
      ),
    );
  });

  test('an issuer that fails again and again is left alone for a day at most', () => {
    let last: { turn: number; ended: string } | undefined;
    for (let turn = 1; turn <= 50; turn++) {
      const diversion = divert(failover, 'r', START, last);
      expect(diversion.turn).toBe(turn);
      expect(secondsBetween(START, diversion.backAt)).toBe(Math.min(3600 * 2 ** (turn - 1), 86_400));
      last = { turn, ended: START };
    }
  });
});

describe('a certificate', () => {
  const issued = { notBefore: instant(0), notAfter: instant(100_000_000) };
  test('that was never issued does not wait', () => {
    expect(mayLeave(failover, undefined, START)).toBe(true);
  });
  test('that has more life left than the spec says waits for its issuer', () => {
    expect(mayLeave(failover, issued, instant(79_999_000))).toBe(false);
    expect(mayLeave(failover, issued, instant(80_000_000))).toBe(true);
    expect(mayLeave({ ...failover, lifeLeft: 100 }, issued, instant(0))).toBe(true);
  });
});
