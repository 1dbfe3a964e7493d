import { describe, expect, it } from 'vitest';
import { issuanceDecider } from '../../lib/domain/issuance.decide.ts';
import { type IssuanceState, limitIdOf, noIssuance, retrySeconds } from '../../lib/domain/issuance.ts';
import { secondsBetween } from '../../lib/domain/time.ts';
import { plus, START } from '../support/decider.ts';
import { fail, failed, given, placed, problem, recorded, running } from '../support/issuanceEvents.ts';

describe('failures', () => {
  it('take the first problem of the run, with what it asks for', () => {
    given(...running)
      .when({ type: 'RecordProblem', run: 1, step: 'Challenge', class: 'backoff', problem })
      .then(recorded('backoff'));
    given(...running, recorded('backoff'))
      .when({ type: 'RecordProblem', run: 1, step: 'Store', class: 'person', problem })
      .then();
    given(...running, recorded('backoff'))
      .when(fail)
      .then(failed(1, 'backoff', plus(300)));
  });

  it('take what a step threw, and do not count it against the CA', () => {
    const thrown = { step: '', class: 'infrastructure', problem: { type: 'internal', detail: 'boom' } } as const;
    const { state } = given(...running)
      .when({ ...fail, thrown })
      .next();
    expect(state).toMatchObject({ status: 'failed', caFailures: 0, ownFailures: 1, dueAt: plus(10) });
  });

  it('are none without a cause, and none twice', () => {
    given(...running)
      .when(fail)
      .then();
    given(...running, recorded('backoff'), failed(1, 'backoff', plus(60)))
      .when(fail)
      .then();
  });

  it('wait for the time that the CA named, but not longer than a week', () => {
    given(...running, recorded('atTime', { retryAt: plus(7200) }))
      .when(fail)
      .then(failed(1, 'atTime', plus(7200)));
    given(...running, recorded('atTime', { retryAt: plus(366 * 86_400) }))
      .when(fail)
      .then(failed(1, 'atTime', plus(7 * 86_400)));
    given(...running, recorded('atTime', { retryAt: plus(-10) }))
      .when(fail)
      .then(failed(1, 'atTime', plus(1)));
  });

  it('stay under the five an hour that a CA allows, and grow to a third of a day', () => {
    const waits = Array.from({ length: 12 }, (_, n) => retrySeconds('backoff', { caFailures: n + 1, ownFailures: 0 }));
    expect(waits.slice(0, 5)).toEqual([60, 120, 240, 480, 960]);
    expect(waits.at(-1)).toBe(8 * 3600);
    expect(retrySeconds('person', { caFailures: 1, ownFailures: 0 })).toBe(300);
  });

  it('that ask for another try at once do not go on at that pace', () => {
    const waits = [1, 2, 3, 20].map((caFailures) => retrySeconds('now', { caFailures, ownFailures: 0 }));
    expect(waits).toEqual([10, 20, 40, 8 * 3600]);
  });

  it('of our own come back within minutes', () => {
    const waits = [1, 2, 9].map((ownFailures) => retrySeconds('infrastructure', { caFailures: 0, ownFailures }));
    expect(waits).toEqual([10, 20, 300]);
  });

  it('do not outlast a success that was under way', () => {
    const { state } = given(...running, recorded('backoff'), failed(1, 'backoff', plus(60)))
      .when({ type: 'RecordSuccess', fingerprint: 'f', chainRef: 'c' })
      .next();
    expect(state).toMatchObject({ status: 'succeeded', dueAt: undefined });
  });
});

describe('the limits of the CA', () => {
  const keys = ['newOrders/ca/account'];
  const kept = { id: 'u1/1/0', keys, expires: plus(7200) };

  it('are reserved for an order once, and let go once', () => {
    const reserved = given(...running).when({ type: 'RecordReserved', run: 1, ...kept });
    reserved.then({ type: 'LimitReserved', ...kept });
    reserved
      .next()
      .when({ type: 'RecordReserved', run: 1, ...kept })
      .then();
    reserved.next().when({ type: 'RecordReleased', run: 1 }).then({ type: 'LimitReleased', keys });
    given(...running)
      .when({ type: 'RecordReleased', run: 1 })
      .then();
  });

  it('know an order by its ordinal, so that the next one counts anew', () => {
    const { state } = given(...running);
    const id = limitIdOf(state);
    expect(limitIdOf(given(...running, placed).state)).toBe(id);
    const abandoned = given(...running, placed, { type: 'OrderAbandoned', reason: 'Expired' }).state;
    expect(limitIdOf(abandoned)).not.toBe(id);
  });

  it('are waited for with words', () => {
    const defer = { type: 'Defer', run: 1, dueAt: plus(300), reason: 'RateLimited', detail: '5 in 7 days' } as const;
    const deferred = given(...running).when(defer);
    deferred.then({ type: 'RunDeferred', run: 1, dueAt: plus(300), reason: 'RateLimited', detail: '5 in 7 days' });
    expect(deferred.next().state.deferral).toEqual({ reason: 'RateLimited', until: plus(300), detail: '5 in 7 days' });
  });
});

describe('the pause before another attempt, as the certificate that stands runs out', () => {
  const failure = (problem: string, failures: number, expires?: string) => {
    const requested = { ...noIssuance, status: 'running', run: 1, caFailures: failures } as IssuanceState;
    const thrown = { step: 'Order', class: 'backoff', problem: { type: problem, detail: '' } } as const;
    const command = { type: 'RecordFailure', run: 1, thrown, random: 0.5, expires } as const;
    const [event] = issuanceDecider.decide(command, requested, START);
    return secondsBetween(START, (event as { retryAt: string }).retryAt);
  };
  it('is what it is while there is time, or nothing to lose', () => {
    expect(failure('caUnreachable', 20)).toBe(8 * 3600);
    expect(failure('caUnreachable', 20, plus(30 * 86_400))).toBe(8 * 3600);
  });
  it('is a twentieth of what is left, and not less than a CA bears', () => {
    expect(failure('caUnreachable', 20, plus(20 * 3600))).toBe(3600);
    expect(failure('caUnreachable', 20, plus(60))).toBe(300);
    expect(failure('caUnreachable', 20, plus(-60))).toBe(300);
    expect(failure('dns', 20, plus(60))).toBe(900);
    expect(failure('caUnreachable', 0, plus(60))).toBe(60);
  });
  it('grows again after the end, for what nobody mends', () => {
    expect(failure('caUnreachable', 20, plus(-20 * 3600))).toBe(3600);
    expect(failure('dns', 20, plus(-86_400))).toBe(86_400 / 20);
    expect(failure('dns', 20, plus(-30 * 86_400))).toBe(8 * 3600);
  });
  it('leaves a name whose DNS is gone for good far below 1,152 failures in a row, at which its CA pauses it', () => {
    const END = 10 * 86_400;
    let tries = 0;
    for (let at = 0; at < 180 * 86_400; tries++) {
      const requested = { ...noIssuance, status: 'running', run: 1, caFailures: tries } as IssuanceState;
      const thrown = { step: 'Challenge', class: 'backoff', problem: { type: 'dns', detail: '' } } as const;
      const command = { type: 'RecordFailure', run: 1, thrown, random: 0, expires: plus(END) } as const;
      const [event] = issuanceDecider.decide(command, requested, plus(at));
      at = secondsBetween(START, (event as { retryAt: string }).retryAt);
    }
    expect(tries).toBeGreaterThan(180);
    expect(tries).toBeLessThan(1152);
  });
});

describe('attempts after failed validations', () => {
  it('are four in the first hour, whatever class they have', () => {
    for (const [type, of] of [
      ['dns', 'backoff'],
      ['unauthorized', 'person'],
    ] as const) {
      let at = 0;
      let within = 0;
      for (let failures = 0; at < 3600; failures++) {
        within++;
        const state = { ...noIssuance, status: 'running', run: 1, caFailures: failures } as IssuanceState;
        const thrown = { step: 'Challenge', class: of, problem: { type, detail: '' } };
        const command = { type: 'RecordFailure', run: 1, thrown, random: 0 } as const;
        const [event] = issuanceDecider.decide(command, state, START);
        at += secondsBetween(START, (event as { retryAt: string }).retryAt);
      }
      expect(within).toBe(4);
    }
  });
});
