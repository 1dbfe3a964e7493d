import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type IssuanceCommand, issuanceDecider, RUN_CHECK } from '../../lib/domain/issuance.decide.ts';
import {
  type IssuanceState,
  isOpen,
  limitIdOf,
  noIssuance,
  type OrderRef,
  type Presentation,
  retrySeconds,
} from '../../lib/domain/issuance.ts';
import type { FailureClass, Problem } from '../../lib/domain/problem.ts';
import { secondsBetween } from '../../lib/domain/time.ts';
import { checkAlways, plus, rulesOf, START } from '../support/decider.ts';

const { given } = rulesOf(issuanceDecider);

const request = {
  certificate: 'shop/app',
  uid: 'u1',
  revision: 1,
  generation: 1,
  identifiers: [{ type: 'dns', value: 'app.example.test' }],
  issuer: { name: 'pebble', kind: 'Issuer' },
} as const;
const requested = { type: 'IssuanceRequested', ...request } as const;
const begun = (run: number, now = START) => ({ type: 'RunBegun', run, dueAt: plus(RUN_CHECK, now) }) as const;
const running = [requested, begun(1)] as const;
const order: OrderRef = { url: 'https://ca/o/1', finalizeUrl: 'https://ca/f/1', authorizations: ['a1', 'a2'] };
const { url: orderUrl, ...placedRest } = order;
const placed = { type: 'OrderPlaced', orderUrl, ...placedRest } as const;
const presentation = (authorization: string, more: Partial<Presentation> = {}): Presentation => ({
  authorization,
  challenge: 'dns-01',
  challengeUrl: `${authorization}/c`,
  target: '_acme-challenge.app.example.test',
  value: `v-${authorization}`,
  solver: 0,
  issuerGeneration: 1,
  ...more,
});
const intended = (authorization: string, more: Partial<Presentation> = {}) =>
  ({ type: 'PresentationIntended', ...presentation(authorization, more) }) as const;
const problem: Problem = { type: 'unauthorized', detail: 'wrong value' };
const recorded = (failure: FailureClass, more: object = {}) =>
  ({ type: 'ProblemRecorded', run: 1, step: 'Challenge', class: failure, problem, ...more }) as const;
const failed = (run: number, failure: FailureClass, retryAt: string) =>
  ({ type: 'IssuanceFailed', run, class: failure, problem, retryAt }) as const;
const fail = { type: 'RecordFailure', run: 1, random: 0.5 } as const;

describe('runs', () => {
  it('begins the first run with the request, and starts once', () => {
    given()
      .when({ type: 'Start', ...request })
      .then(requested, begun(1));
    given(...running)
      .when({ type: 'Start', ...request })
      .then();
  });

  it('refuses every other command for an issuance that was never started', () => {
    given().when({ type: 'BeginRun', after: 0 }).refused('IssuanceNotFound');
    given().when({ type: 'RecordCleanedUp', run: 1 }).refused('IssuanceNotFound');
  });

  it('begins the next run when the time of the last one is over, not before', () => {
    given(...running)
      .when({ type: 'BeginRun', after: 1 }, plus(RUN_CHECK - 1))
      .then();
    given(...running)
      .when({ type: 'BeginRun', after: 1 }, plus(RUN_CHECK))
      .then(begun(2, plus(RUN_CHECK)));
  });

  it('begins a run that failed or was put off before its time when somebody says so, but not beside a living one', () => {
    const force = { type: 'BeginRun', after: 1, force: true } as const;
    given(...running)
      .when(force)
      .then();
    given(...running, failed(1, 'backoff', plus(60)))
      .when(force)
      .then(begun(2));
    given(...running, { type: 'RunDeferred', run: 1, dueAt: plus(300), reason: 'CaStillValidating' })
      .when(force)
      .then(begun(2));
  });

  it('does not hear a step of an older run', () => {
    given(...running, begun(2))
      .when({ type: 'RecordOrder', run: 1, order })
      .then();
    given(...running, begun(2), { ...recorded('backoff'), run: 2 })
      .when(fail)
      .then();
  });
});

describe('the order', () => {
  it('is intended once a run and placed once', () => {
    given(...running)
      .when({ type: 'IntendOrder', run: 1 })
      .then({ type: 'OrderIntended', run: 1 });
    given(...running, { type: 'OrderIntended', run: 1 })
      .when({ type: 'IntendOrder', run: 1 })
      .then();
    given(...running)
      .when({ type: 'RecordOrder', run: 1, order })
      .then(placed);
    given(...running, placed)
      .when({ type: 'RecordOrder', run: 1, order: { ...order, url: 'https://ca/o/2' } })
      .then();
  });

  it('is shared by runs: the next one goes on with it', () => {
    const { state } = given(...running, placed, failed(1, 'infrastructure', plus(10)), begun(2));
    expect(state.order).toMatchObject({ url: order.url });
  });

  it('is given up with all that belongs to it, but for what was presented and must be removed', () => {
    const { state } = given(
      ...running,
      placed,
      intended('a1'),
      { type: 'ChallengesPresented', authorizations: ['a1'] },
      { type: 'ChallengesAnswered', authorizations: ['a1'] },
      { type: 'AuthorizationsValidated' },
    )
      .when({ type: 'AbandonOrder', run: 1, url: order.url, reason: 'Expired' })
      .next();
    expect(state).toMatchObject({ presented: [], answered: [], authorized: false, uncleaned: true });
    expect(state.order).toBeUndefined();
    expect(state.presentations).toHaveLength(1);
  });

  it('that another run placed is not given up for the one before', () => {
    given(...running, placed)
      .when({ type: 'AbandonOrder', run: 1, url: 'https://ca/o/0', reason: 'Gone' })
      .then();
  });

  it('is given up with the reason of every name when it is invalid', () => {
    const identifier = { type: 'dns', value: 'app.example.test' } as const;
    const why = { ...problem, identifier };
    given(...running, placed)
      .when({ type: 'RecordInvalid', run: 1, url: order.url, problems: [why, problem] })
      .then(
        { type: 'AuthorizationInvalidated', identifier, problem: why },
        { type: 'OrderAbandoned', reason: 'Invalid' },
      );
  });
});

describe('presentations', () => {
  it('stand on the ledger before they are shown, each once', () => {
    given(...running, placed, intended('a1'))
      .when({ type: 'IntendPresentation', run: 1, presentations: [presentation('a1'), presentation('a2')] })
      .then(intended('a2'));
  });

  it('of a reconfigured issuer stand beside the older ones: both must be removed', () => {
    const moved = { issuerGeneration: 2, solver: 1 };
    const { state } = given(...running, placed, intended('a1'))
      .when({ type: 'IntendPresentation', run: 1, presentations: [presentation('a1', moved)] })
      .next();
    expect(state.presentations.map((p) => p.issuerGeneration)).toEqual([1, 2]);
  });

  it('are shown again after a clean-up while the order goes on, although they were answered', () => {
    const { state } = given(...running, placed, intended('a1'), { type: 'ChallengesAnswered', authorizations: ['a1'] })
      .and([failed(1, 'infrastructure', plus(10))])
      .when({ type: 'RecordCleanedUp', run: 1 })
      .next();
    expect(state).toMatchObject({ answered: [], presentations: [], uncleaned: false });
    expect(state.order).toBeDefined();
  });

  it('stay owed when the clean-up of an older run ends after a later one presented', () => {
    given(...running, placed, intended('a1'))
      .and([failed(1, 'infrastructure', plus(10))])
      .and([{ type: 'RunBegun', run: 2, dueAt: plus(700) }, intended('a1')])
      .when({ type: 'RecordCleanedUp', run: 1 })
      .then();
  });

  it('keep an issuance due after its end until they are gone', () => {
    const done = given(...running, placed, intended('a1'), {
      type: 'IssuanceSucceeded',
      fingerprint: 'f',
      chainRef: 'chain/u1/1',
    });
    expect(isOpen(done.state)).toBe(true);
    expect(done.dueAt).toBe(plus(60));
    const again = done.when({ type: 'BeginRun', after: 1 }, plus(60)).next();
    expect(again.state.status).toBe('succeeded');
    again.when({ type: 'RecordCleanedUp', run: 1 }).then();
    const clean = again.when({ type: 'RecordCleanedUp', run: 2 }).next();
    expect([isOpen(clean.state), clean.dueAt]).toEqual([false, undefined]);
  });
});

describe('signing', () => {
  const signing = { serial: '01', notBefore: START, notAfter: plus(3600) };
  const intend = (run: number) => ({ type: 'IntendSigning', run, ...signing }) as const;

  it('is intended once a run', () => {
    given(...running)
      .when(intend(1))
      .then({ type: 'SigningIntended', run: 1, ...signing });
    given(...running, { type: 'SigningIntended', run: 1, ...signing })
      .when(intend(1))
      .then();
  });

  it('takes a later run its own time: the first intention may be older than what it intended is long', () => {
    given(...running, { type: 'SigningIntended', run: 1, ...signing }, begun(2))
      .when(intend(2))
      .then({ type: 'SigningIntended', run: 2, ...signing });
  });
});

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

describe('ends', () => {
  it('of a superseded issuance leave at most its clean-up', () => {
    const supersede = { type: 'Supersede', reason: 'Deleted' } as const;
    expect(
      given(...running)
        .when(supersede)
        .next().dueAt,
    ).toBeUndefined();
    expect(
      given(...running, intended('a1'))
        .when(supersede)
        .next().dueAt,
    ).toBe(plus(60));
  });

  it('hear nothing more', () => {
    const over = given(...running, { type: 'IssuanceSuperseded', reason: 'Superseded' });
    over.when({ type: 'RecordOrder', run: 1, order }).then();
    over.when({ type: 'RecordSuccess', fingerprint: 'f', chainRef: 'c' }).then();
    over.when({ type: 'BeginRun', after: 1 }, plus(99_999)).then();
  });

  it('are not put off for longer than a week', () => {
    given(...running)
      .when({ type: 'Defer', run: 1, dueAt: plus(366 * 86_400), reason: 'CaStillIssuing' })
      .then({ type: 'RunDeferred', run: 1, dueAt: plus(7 * 86_400), reason: 'CaStillIssuing' });
  });
});

it('holds for any sequence of commands: nothing twice, JSON, and never without its time', () => {
  const type = <T extends string>(name: T) => fc.constant(name);
  const run = fc.constantFrom(1, 1, 1, 2, 2, 3);
  const authorizations = fc.subarray(['a1', 'a2'], { minLength: 1 });
  const failure = fc.constantFrom<FailureClass>(
    'now',
    'atTime',
    'backoff',
    'person',
    'configuration',
    'infrastructure',
  );
  const time = fc.constantFrom(plus(-60), plus(5000), plus(90 * 86_400));
  const optional = fc.option(time, { nil: undefined });
  const presentations = fc.subarray(
    [presentation('a1'), presentation('a2'), presentation('a1', { issuerGeneration: 2 })],
    { minLength: 1 },
  );
  const signing = { serial: fc.constant('01'), notBefore: time, notAfter: time };
  const keys = fc.constantFrom(['newOrders/ca/account'], ['newOrders/ca/account', 'certificatesPerDomain/ca/a.test']);
  const cause = { step: fc.constant('Order'), class: failure, problem: fc.constant(problem), retryAt: optional };
  const command = fc.oneof(
    { weight: 3, arbitrary: fc.constant({ type: 'Start', ...request } as const) },
    { weight: 4, arbitrary: fc.record({ type: type('BeginRun'), after: run, force: fc.boolean() }) },
    fc.record({ type: type('RecordKey'), keyRef: fc.constant('k'), publicKeyHash: fc.constant('h') }),
    fc.record({ type: type('IntendOrder'), run }),
    { weight: 3, arbitrary: fc.record({ type: type('RecordOrder'), run, order: fc.constant(order) }) },
    fc.record({ type: type('AbandonOrder'), run, url: fc.constant(order.url), reason: fc.constant('Gone') }),
    { weight: 2, arbitrary: fc.record({ type: type('IntendPresentation'), run, presentations }) },
    fc.record({ type: type('RecordPresented'), run, authorizations }),
    fc.record({ type: type('RecordAnswered'), run, authorizations }),
    fc.record({ type: type('RecordAuthorized'), run, expires: optional }),
    fc.record({
      type: type('RecordInvalid'),
      run,
      url: fc.constant(order.url),
      problems: fc.constant([{ ...problem, identifier: request.identifiers[0] }]),
    }),
    fc.record({ type: type('IntendFinalize'), run }),
    fc.record({ type: type('IntendSigning'), run, ...signing }),
    { weight: 2, arbitrary: fc.record({ type: type('RecordProblem'), run, ...cause }) },
    fc.record({ type: type('Defer'), run, dueAt: time, reason: fc.constant('Waits') }),
    fc.record({ type: type('RecordReserved'), run, id: fc.constantFrom('a/1/0', 'a/1/1'), keys, expires: time }),
    fc.record({ type: type('RecordReleased'), run }),
    fc.record({ type: type('RecordCorrected'), run, key: fc.constant('ca/host'), retryAt: time }),
    fc.record({
      type: type('RecordFailure'),
      run,
      thrown: fc.option(fc.record(cause), { nil: undefined }),
      random: fc.constantFrom(0, 0.99),
    }),
    fc.record({ type: type('RecordSuccess'), fingerprint: fc.constant('f'), chainRef: fc.constant('c') }),
    fc.record({ type: type('Supersede'), reason: fc.constantFrom('Superseded' as const, 'Deleted' as const) }),
    fc.record({ type: type('RecordCleanedUp'), run }),
  ) as fc.Arbitrary<IssuanceCommand>;
  checkAlways(issuanceDecider, command, (state: IssuanceState) => isOpen(state), 400);
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
