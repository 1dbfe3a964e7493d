import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DeliveryCommand, deliveryDecider } from '../../lib/domain/delivery.decide.ts';
import {
  type DeliveryEvent,
  type DeliveryState,
  type DesiredDelivery,
  evolveDelivery,
  isOwed,
  noDelivery,
} from '../../lib/domain/delivery.ts';
import type { Destination } from '../../lib/domain/destination.ts';
import type { FailureClass } from '../../lib/domain/problem.ts';
import { checkAlways, plus, rulesOf, START } from '../support/decider.ts';

const { given } = rulesOf(deliveryDecider);

const destination: Destination = { kind: 'kubernetes', cluster: 'prod', namespace: 'shop', secretName: 'tls' };
const desired = (revision: number, generation = 1, uid = 'u1'): DesiredDelivery => ({
  certificate: uid === 'u1' ? 'shop/app' : 'shop/other',
  uid,
  revision,
  generation,
  fingerprint: `f${revision}`,
});
const request = (...args: Parameters<typeof desired>) =>
  ({ type: 'Request', destination, ...desired(...args) }) as const;
const requested = (...args: Parameters<typeof desired>) =>
  ({ type: 'DeliveryRequested', destination, ...desired(...args) }) as const;
const begun = (run: number, now = START) => ({ type: 'RunBegun', run, dueAt: plus(600, now) }) as const;
const seen = (revision: number, generation = 1) => ({
  revision,
  generation,
  objectUid: 'o1',
  resourceVersion: `${revision}0`,
  fingerprint: `f${revision}`,
});
const confirm = (run: number, revision: number, generation = 1) =>
  ({ type: 'RecordConfirmed', run, ...seen(revision, generation) }) as const;
const confirmed = (revision: number, generation = 1) =>
  ({ type: 'DeliveryConfirmed', ...seen(revision, generation) }) as const;
const running = [requested(1), begun(1)] as const;
const standing = [...running, confirmed(1)] as const;
const withdraw = { type: 'Withdraw', uid: 'u1', keep: false } as const;
const withdrawal = { type: 'WithdrawalRequested', uid: 'u1', keep: false } as const;

describe('a request', () => {
  it('claims the destination and begins a push', () => {
    given().when(request(1)).then(requested(1), begun(1));
  });

  it('of what is desired already changes nothing', () => {
    given(...running)
      .when(request(1))
      .then();
    given(...standing)
      .when(request(1))
      .then();
  });

  it('of a newer revision or generation begins another push, also while one is under way', () => {
    given(...running)
      .when(request(2))
      .then(requested(2), begun(2));
    given(...standing)
      .when(request(1, 2))
      .then(requested(1, 2), begun(2));
  });

  it('that is older changes nothing: it came late', () => {
    given(requested(2, 2), begun(1)).when(request(1, 1)).then();
  });

  it('of another certificate is refused while the claim lives, and taken when it ended', () => {
    given(...standing)
      .when(request(1, 1, 'u2'))
      .refused('DestinationTaken');
    given(...standing, { ...withdrawal, keep: true })
      .when(request(1, 1, 'u2'))
      .then(requested(1, 1, 'u2'), begun(2));
  });

  it('of another certificate does not take what stood there for its own', () => {
    const { state } = given(...standing, { ...withdrawal, keep: true }, requested(1, 1, 'u2'));
    expect(state.observed).toBeUndefined();
  });

  it('that comes late does not take a withdrawal back', () => {
    given(...standing, withdrawal, begun(2))
      .when(request(1))
      .then();
    given(...standing, withdrawal, begun(2))
      .when(request(2))
      .then();
  });
});

describe('what is owed', () => {
  const stateAfter = (...steps: readonly (readonly [DeliveryEvent, minute: number])[]) =>
    steps.reduce<DeliveryState>(
      (state, [event, minute]) => evolveDelivery(state, event, plus(60 * minute)),
      noDelivery,
    );

  it('is so since it was first asked for, through failures and newer revisions, until it stands', () => {
    const owed = [
      [requested(1), 1],
      [begun(1), 1],
      [{ type: 'DeliveryRefused', run: 1, reason: 'Forbidden', message: '', retryAt: plus(600) }, 2],
      [requested(2), 3],
    ] as const;
    expect(stateAfter(...owed).owedSince).toBe(plus(60));
    expect(stateAfter(...owed, [confirmed(1), 4]).owedSince).toBe(plus(60));
    expect(stateAfter(...owed, [confirmed(2), 4]).owedSince).toBeUndefined();
    expect(stateAfter(...owed, [confirmed(2), 4], [requested(3), 5]).owedSince).toBe(plus(300));
  });

  it('is so again since a drift was seen, or a withdrawal asked for, and no more when that is done', () => {
    const settled = [
      [requested(1), 1],
      [confirmed(1), 2],
    ] as const;
    expect(stateAfter(...settled, [{ type: 'DriftDetected', found: 'missing' }, 3]).owedSince).toBe(plus(180));
    expect(stateAfter(...settled, [withdrawal, 4]).owedSince).toBe(plus(240));
    expect(stateAfter(...settled, [withdrawal, 4], [{ type: 'DeliveryWithdrawn' }, 5]).owedSince).toBeUndefined();
    expect(stateAfter([requested(1), 1], [{ ...withdrawal, keep: true }, 2]).owedSince).toBeUndefined();
  });
});

describe('a push', () => {
  it('that is confirmed settles the delivery', () => {
    given(...running)
      .when(confirm(1, 1))
      .then(confirmed(1));
    const { state, dueAt } = given(...standing);
    expect([state.status, dueAt]).toEqual(['confirmed', undefined]);
  });

  it('of an older revision, that ends after a newer was asked for, settles nothing', () => {
    given(...running, requested(2), begun(2))
      .when(confirm(1, 1))
      .then();
  });

  it('that confirms what is no longer desired is followed by another', () => {
    given(...running, requested(2), begun(2))
      .when(confirm(2, 1))
      .then(confirmed(1), begun(3));
  });

  it('that is refused waits for somebody, ever longer, for an hour at most', () => {
    const refuse = { type: 'RecordRefused', run: 1, reason: 'NotOwned', message: 'm', random: 0.5 } as const;
    const refused = (seconds: number) =>
      ({ type: 'DeliveryRefused', run: 1, reason: 'NotOwned', message: 'm', retryAt: plus(seconds) }) as const;
    given(...running)
      .when(refuse)
      .then(refused(60));
    given(...running, refused(60), begun(1))
      .when(refuse)
      .then(refused(120));
    const often = Array.from({ length: 1200 }, () => [refused(60), begun(1)]).flat();
    given(...running, ...often)
      .when(refuse)
      .then(refused(3600));
  });

  it('that fails is tried again when the other side said, else after a growing while', () => {
    const problem = { type: 'Unreachable', detail: 'd' };
    const fail = { type: 'RecordFailed', run: 1, class: 'backoff', problem, random: 0.5 } as const;
    const failed = (at: string) =>
      ({ type: 'DeliveryFailed', run: 1, class: 'backoff', problem, retryAt: at }) as const;
    given(...running)
      .when(fail)
      .then(failed(plus(10)));
    given(...running)
      .when({ ...fail, retryAt: plus(30) })
      .then(failed(plus(30)));
    given(...running)
      .when({ ...fail, retryAt: plus(-30) })
      .then(failed(START));
    given(...running)
      .when({ ...fail, retryAt: plus(366 * 86_400) })
      .then(failed(plus(86_400)));
  });

  it('is begun again when it is due, or when somebody says so, not beside a living one', () => {
    given(...running)
      .when({ type: 'BeginRun', after: 1 }, plus(599))
      .then();
    given(...running)
      .when({ type: 'BeginRun', after: 1, force: true }, plus(599))
      .then();
    given(...running)
      .when({ type: 'BeginRun', after: 1 }, plus(600))
      .then(begun(2, plus(600)));
    given(...standing)
      .when({ type: 'BeginRun', after: 1, force: true }, plus(600))
      .then();
  });
});

describe('a redelivery', () => {
  const again = { type: 'Redeliver' } as const;

  it('is another push of what stands, or of what failed before its time', () => {
    given(...standing)
      .when(again)
      .then({ type: 'RedeliveryRequested' }, begun(2));
    const refused = { type: 'DeliveryRefused', run: 1, reason: 'NotOwned', message: 'm', retryAt: plus(60) } as const;
    given(...running, refused)
      .when(again)
      .then({ type: 'RedeliveryRequested' }, begun(2));
  });

  it("is nothing for a copy that is on its way, being taken away, or nobody's", () => {
    given(...running)
      .when(again)
      .then();
    given(...standing, withdrawal)
      .when(again)
      .then();
    given(...standing, { ...withdrawal, keep: true })
      .when(again)
      .then();
    given().when(again).then();
  });
});

describe('a withdrawal', () => {
  it('that keeps the copy ends the claim at once', () => {
    const { state, dueAt } = given(...standing)
      .when({ ...withdraw, keep: true })
      .next();
    expect([state.status, dueAt]).toEqual(['released', undefined]);
  });

  it('that takes the copy away is owed until that is done', () => {
    given(...standing)
      .when(withdraw)
      .then(withdrawal, begun(2));
    const under = given(...standing, withdrawal, begun(2));
    expect(isOwed(under.state)).toBe(true);
    const { state, dueAt } = under.when({ type: 'RecordWithdrawn', run: 2 }).next();
    expect([state.status, dueAt]).toEqual(['released', undefined]);
  });

  it('by a certificate that does not hold the destination does nothing', () => {
    given(...standing)
      .when({ ...withdraw, uid: 'u2' })
      .then();
    given().when(withdraw).then();
  });
});

it('holds for any sequence of commands: nothing twice, JSON, and never without its time', () => {
  const type = <T extends string>(name: T) => fc.constant(name);
  const run = fc.integer({ min: 1, max: 5 });
  const uid = fc.constantFrom('u1', 'u1', 'u2');
  const facts = { revision: fc.integer({ min: 1, max: 3 }), generation: fc.integer({ min: 1, max: 2 }) };
  const random = fc.constantFrom(0, 0.99);
  const fingerprint = fc.constantFrom('f1', 'f2', 'x');
  const target = { destination: fc.constant(destination), certificate: fc.constant('shop/app'), fingerprint };
  const observed = { objectUid: fc.constant('o1'), resourceVersion: fc.constant('1'), fingerprint };
  const failure = fc.constantFrom<FailureClass>('now', 'atTime', 'backoff', 'infrastructure');
  const command = fc.oneof(
    { weight: 3, arbitrary: fc.record({ type: type('Request'), ...target, uid, ...facts }) },
    fc.record({ type: type('Withdraw'), uid, keep: fc.boolean() }),
    { weight: 2, arbitrary: fc.record({ type: type('BeginRun'), after: run, force: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ type: type('RecordConfirmed'), run, ...facts, ...observed }) },
    fc.record({ type: type('RecordRefused'), run, reason: fc.constant('NotOwned'), message: fc.constant('m'), random }),
    fc.record({
      type: type('RecordFailed'),
      run,
      class: failure,
      problem: fc.constant({ type: 't', detail: 'd' }),
      retryAt: fc.option(fc.constantFrom(plus(-60), plus(5000)), { nil: undefined }),
      random,
    }),
    {
      weight: 2,
      arbitrary: fc.record({
        type: type('Observe'),
        after: run,
        seen: fc.option(fc.record({ fingerprint, ours: fc.boolean(), differing: fc.constantFrom([], ['tls.key']) }), {
          nil: undefined,
        }),
        random,
      }),
    },
    fc.record({ type: type('Redeliver') }),
    { weight: 2, arbitrary: fc.record({ type: type('RecordWithdrawn'), run }) },
  ) as fc.Arbitrary<DeliveryCommand>;
  checkAlways(deliveryDecider, command, (state: DeliveryState) => isOwed(state), 400);
});
