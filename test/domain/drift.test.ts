import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deliveryDecider } from '../../lib/domain/delivery.decide.ts';
import type { DeliveryEvent, DeliveryState } from '../../lib/domain/delivery.ts';
import type { Destination } from '../../lib/domain/destination.ts';
import { type Instant, plusSeconds, secondsBetween } from '../../lib/domain/time.ts';
import { plus, rulesOf, START } from '../support/decider.ts';

const { given } = rulesOf(deliveryDecider);

const HOUR = 3600;
const destination: Destination = { kind: 'kubernetes', cluster: 'prod', namespace: 'shop', secretName: 'tls' };
const wanted = { certificate: 'shop/app', uid: 'u1', revision: 1, generation: 1, fingerprint: 'f1' };
const begun = (run: number, now = START) => ({ type: 'RunBegun', run, dueAt: plus(600, now) }) as const;
const confirmed = {
  type: 'DeliveryConfirmed',
  ...{ revision: 1, generation: 1, objectUid: 'o1', resourceVersion: '1', fingerprint: 'f1' },
} as const;
const standing = [{ type: 'DeliveryRequested', destination, ...wanted }, begun(1), confirmed] as const;
const observe = (after: number, more: object = {}) => ({ type: 'Observe', after, random: 0.5, ...more }) as const;
const asDelivered = { fingerprint: 'f1', ours: true, differing: [] };
const changed = { fingerprint: 'f2', ours: true, differing: ['tls.crt', 'tls.key'] };
const drifted = { type: 'DriftDetected', found: 'missing' } as const;

/** The copy was found missing and delivered again, so many times, all at `START`. */
const putRight = (times: number): DeliveryEvent[] =>
  Array.from({ length: times }, (_, n) => [drifted, begun(n + 2), confirmed] as const).flat();

describe('a copy that is looked at', () => {
  it('and is as it was delivered changes nothing', () => {
    given(...standing)
      .when(observe(1, { seen: asDelivered }))
      .then();
  });

  it('and is gone, changed, or not ours is delivered again at once', () => {
    given(...standing)
      .when(observe(1))
      .then(drifted, begun(2));
    const entries = ['tls.crt', 'tls.key'];
    given(...standing)
      .when(observe(1, { seen: changed }))
      .then({ type: 'DriftDetected', found: 'changed', fingerprint: 'f2', entries }, begun(2));
    given(...standing)
      .when(observe(1, { seen: { ours: false, differing: [] } }))
      .then({ type: 'DriftDetected', found: 'foreign' }, begun(2));
  });

  it('is not news while a push is under way, has failed, or was asked to take it away', () => {
    given(...standing, drifted, begun(2))
      .when(observe(2))
      .then();
    const refused = { type: 'DeliveryRefused', run: 1, reason: 'NotOwned', message: 'm', retryAt: plus(60) } as const;
    given(...standing.slice(0, 2), refused)
      .when(observe(1))
      .then();
    given(...standing, { type: 'WithdrawalRequested', uid: 'u1', keep: false })
      .when(observe(1))
      .then();
    given(...standing, { type: 'WithdrawalRequested', uid: 'u1', keep: true })
      .when(observe(1))
      .then();
  });

  it('is not news where the look was before the last push', () => {
    given(...standing, drifted, begun(2), confirmed)
      .when(observe(1))
      .then();
  });

  it('is owed, and due, from then on', () => {
    const { state, dueAt } = given(...standing)
      .when(observe(1), plus(60))
      .next();
    expect([state.status, state.owedSince, dueAt]).toEqual(['running', plus(60), plus(660)]);
  });
});

describe('a copy that keeps changing', () => {
  it('is put right three times within a day, and then left for an hour, two, four, and six at most', () => {
    const pauses = [3, 4, 5, 6, 7, 20].map((times) => {
      const { dueAt } = given(...standing, ...putRight(times))
        .when(observe(times + 1))
        .next();
      return secondsBetween(START, dueAt!) / HOUR;
    });
    expect(pauses).toEqual([1, 2, 4, 6, 6, 6]);
    const often = given(...standing, ...putRight(3));
    often.when(observe(4)).then({ ...drifted, retryAt: plus(HOUR) });
    often.when(observe(4, { random: 0 })).then({ ...drifted, retryAt: plus(0.9 * HOUR) });
  });

  it('fails meanwhile with a cause, which ends when it is delivered', () => {
    const left = given(...standing, ...putRight(3))
      .when(observe(4))
      .next();
    expect(left.state).toMatchObject({ status: 'failed', failure: { reason: 'KeepsChanging', class: 'person' } });
    left.when({ type: 'BeginRun', after: 4 }, plus(HOUR - 1)).then();
    const again = left.when({ type: 'BeginRun', after: 4 }, plus(HOUR)).next();
    const { type: _, ...facts } = confirmed;
    const { state } = again.when({ type: 'RecordConfirmed', run: 5, ...facts }, plus(HOUR)).next();
    expect([state.status, state.failure]).toEqual(['confirmed', undefined]);
  });

  it('is delivered at once when somebody asks for it, or a new revision comes, and a day later', () => {
    const left = given(...standing, ...putRight(3))
      .when(observe(4))
      .next();
    left.when({ type: 'Redeliver' }).then({ type: 'RedeliveryRequested' }, begun(5));
    const newer = { ...wanted, revision: 2, fingerprint: 'f2' };
    left
      .when({ type: 'Request', destination, ...newer })
      .then({ type: 'DeliveryRequested', destination, ...newer }, begun(5));
    const dayLater = plus(24 * HOUR);
    given(...standing, ...putRight(3))
      .when(observe(4), dayLater)
      .then(drifted, begun(5, dayLater));
  });

  it('is counted anew when somebody asked for it', () => {
    const { state } = given(...standing, ...putRight(3), { type: 'RedeliveryRequested' });
    expect(state.drifts).toBeUndefined();
  });

  it('is delivered ten times a day at most, however often it is looked at and changed', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            seconds: fc.constantFrom(1, 60, 900, HOUR),
            random: fc.double({ min: 0, max: 0.999, noNaN: true }),
          }),
          {
            minLength: 50,
            maxLength: 400,
            size: 'max',
          },
        ),
        (looks) => {
          const deliveries = deliveriesOf(looks);
          for (const [index, at] of deliveries.entries()) {
            const within = deliveries.slice(index).filter((one) => one < plusSeconds(at, 24 * HOUR));
            expect(within.length).toBeLessThanOrEqual(10);
          }
          expect(deliveries.length).toBeGreaterThanOrEqual(3);
        },
      ),
      { numRuns: 100 },
    );
  });
});

/** When a copy was delivered that something else removes at once. After each pause it is looked at; what is due is delivered then. */
function deliveriesOf(looks: readonly { seconds: number; random: number }[]): Instant[] {
  const deliveries: Instant[] = [];
  let now = START;
  let state: DeliveryState = given(...standing).state;
  const play = (events: readonly DeliveryEvent[]): void => {
    for (const event of events) state = deliveryDecider.evolve(state, event, now);
  };
  const decide = (command: Parameters<typeof deliveryDecider.decide>[0]): void =>
    play(deliveryDecider.decide(command, state, now));
  for (const { seconds, random } of looks) {
    now = plusSeconds(now, seconds);
    decide({ type: 'BeginRun', after: state.run });
    if (state.status === 'confirmed') decide({ type: 'Observe', after: state.run, random });
    if (state.status !== 'running') continue;
    deliveries.push(now);
    const { type: _, ...facts } = confirmed;
    decide({ type: 'RecordConfirmed', run: state.run, ...facts });
  }
  return deliveries;
}
