import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type IssuanceCommand, issuanceDecider, RUN_CHECK } from '../../lib/domain/issuance.decide.ts';
import { type IssuanceState, isOpen } from '../../lib/domain/issuance.ts';
import type { FailureClass } from '../../lib/domain/problem.ts';
import { checkAlways, plus, START } from '../support/decider.ts';
import {
  begun,
  fail,
  failed,
  given,
  intended,
  order,
  placed,
  presentation,
  problem,
  recorded,
  request,
  requested,
  running,
} from '../support/issuanceEvents.ts';

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
