import { issuanceDecider, RUN_CHECK } from '../../lib/domain/issuance.decide.ts';
import type { OrderRef, Presentation } from '../../lib/domain/issuance.ts';
import type { FailureClass, Problem } from '../../lib/domain/problem.ts';
import { plus, rulesOf, START } from './decider.ts';

/** An issuance by its events, as the tests of its rules write them. */
export const { given } = rulesOf(issuanceDecider);

export const request = {
  certificate: 'shop/app',
  uid: 'u1',
  revision: 1,
  generation: 1,
  identifiers: [{ type: 'dns', value: 'app.example.test' }],
  issuer: { name: 'pebble', kind: 'Issuer' },
} as const;
export const requested = { type: 'IssuanceRequested', ...request } as const;
export const begun = (run: number, now = START) => ({ type: 'RunBegun', run, dueAt: plus(RUN_CHECK, now) }) as const;
export const running = [requested, begun(1)] as const;
export const order: OrderRef = { url: 'https://ca/o/1', finalizeUrl: 'https://ca/f/1', authorizations: ['a1', 'a2'] };
const { url: orderUrl, ...placedRest } = order;
export const placed = { type: 'OrderPlaced', orderUrl, ...placedRest } as const;
export const presentation = (authorization: string, more: Partial<Presentation> = {}): Presentation => ({
  authorization,
  challenge: 'dns-01',
  challengeUrl: `${authorization}/c`,
  target: '_acme-challenge.app.example.test',
  value: `v-${authorization}`,
  solver: 0,
  issuerGeneration: 1,
  ...more,
});
export const intended = (authorization: string, more: Partial<Presentation> = {}) =>
  ({ type: 'PresentationIntended', ...presentation(authorization, more) }) as const;
export const problem: Problem = { type: 'unauthorized', detail: 'wrong value' };
export const recorded = (failure: FailureClass, more: object = {}) =>
  ({ type: 'ProblemRecorded', run: 1, step: 'Challenge', class: failure, problem, ...more }) as const;
export const failed = (run: number, failure: FailureClass, retryAt: string) =>
  ({ type: 'IssuanceFailed', run, class: failure, problem, retryAt }) as const;
export const fail = { type: 'RecordFailure', run: 1, random: 0.5 } as const;
