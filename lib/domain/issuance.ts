import type { Identifier } from './identifier.ts';
import { backoffSeconds, type FailureClass, type Problem } from './problem.ts';
import type { IssuerRef } from './spec.ts';
import type { Instant } from './time.ts';

/**
 * One proof that is shown to the CA. `target` is the TXT owner name (dns-01) or the token (http-01); `value` the TXT value or the key
 * authorization, which RFC 8555 8.1 makes public. `solver` is the index in the list of the issuer's generation `issuerGeneration`.
 */
export interface Presentation {
  readonly authorization: string;
  readonly challenge: 'dns-01' | 'http-01';
  readonly challengeUrl: string;
  readonly target: string;
  readonly value: string;
  readonly solver: number;
  readonly issuerGeneration: number;
}

/** What stopped a run, as a step saw it. */
export interface StepProblem {
  readonly step: string;
  readonly class: FailureClass;
  readonly problem: Problem;
  readonly retryAt?: Instant;
}

export type IssuanceEvent =
  | {
      readonly type: 'IssuanceRequested';
      /** team/name */
      readonly certificate: string;
      readonly uid: string;
      readonly revision: number;
      readonly generation: number;
      readonly identifiers: readonly Identifier[];
      readonly issuer: IssuerRef;
      /** The certificate's own issuer, for which `issuer` stands in. */
      readonly insteadOf?: IssuerRef;
      readonly replaces?: string;
    }
  | { readonly type: 'RunBegun'; readonly run: number; readonly dueAt: Instant }
  | { readonly type: 'KeySealed'; readonly keyRef: string; readonly publicKeyHash: string }
  | { readonly type: 'OrderIntended'; readonly run: number }
  | {
      readonly type: 'OrderPlaced';
      readonly orderUrl: string;
      readonly finalizeUrl: string;
      readonly authorizations: readonly string[];
      readonly expires?: Instant;
    }
  | ({ readonly type: 'PresentationIntended' } & Presentation)
  | { readonly type: 'ChallengesPresented'; readonly authorizations: readonly string[] }
  | { readonly type: 'ChallengesAnswered'; readonly authorizations: readonly string[] }
  | { readonly type: 'AuthorizationsValidated'; readonly expires?: Instant }
  | { readonly type: 'AuthorizationInvalidated'; readonly identifier: Identifier; readonly problem: Problem }
  | { readonly type: 'FinalizeIntended'; readonly run: number }
  | {
      readonly type: 'SigningIntended';
      readonly run: number;
      readonly serial: string;
      readonly notBefore: Instant;
      readonly notAfter: Instant;
    }
  /** The order can no longer lead to a certificate: expired, invalid, or gone at the CA. */
  | { readonly type: 'OrderAbandoned'; readonly reason: string }
  | ({ readonly type: 'ProblemRecorded'; readonly run: number } & StepProblem)
  | { readonly type: 'IssuanceSucceeded'; readonly fingerprint: string; readonly chainRef: string }
  | {
      readonly type: 'RunDeferred';
      readonly run: number;
      readonly dueAt: Instant;
      readonly reason: string;
      /** What is waited for, in words. */
      readonly detail?: string;
    }
  /** Tokens of the CA's limits are kept for the order `id` until `expires`. */
  | { readonly type: 'LimitReserved'; readonly id: string; readonly keys: readonly string[]; readonly expires: Instant }
  /** They were given back unused. */
  | { readonly type: 'LimitReleased'; readonly keys: readonly string[] }
  /** The CA said that there is nothing before `retryAt`. */
  | { readonly type: 'LimitCorrected'; readonly key: string; readonly retryAt: Instant }
  | {
      readonly type: 'IssuanceFailed';
      readonly run: number;
      readonly class: FailureClass;
      readonly problem: Problem;
      readonly retryAt: Instant;
    }
  | { readonly type: 'IssuanceSuperseded'; readonly reason: 'Superseded' | 'Deleted' }
  | { readonly type: 'ChallengesCleanedUp' };

export interface OrderRef {
  readonly url: string;
  readonly finalizeUrl: string;
  readonly authorizations: readonly string[];
  readonly expires?: Instant;
}

/** Tokens of the CA's limits that are kept for an order. */
export interface LimitReservation {
  readonly id: string;
  readonly keys: readonly string[];
  readonly expires: Instant;
}

export type IssuanceStatus = 'absent' | 'requested' | 'running' | 'deferred' | 'failed' | 'succeeded' | 'superseded';

export interface IssuanceState {
  readonly status: IssuanceStatus;
  readonly certificate: string;
  readonly uid: string;
  readonly revision: number;
  readonly generation: number;
  readonly identifiers: readonly Identifier[];
  readonly issuer: IssuerRef;
  readonly insteadOf?: IssuerRef;
  readonly replaces?: string;
  readonly requestedAt: Instant;
  readonly run: number;
  /** When the scan looks at it next. */
  readonly dueAt?: Instant;
  readonly key?: { readonly ref: string; readonly publicKeyHash: string };
  readonly order?: OrderRef;
  /** Orders that were placed so far. */
  readonly orders: number;
  readonly orderIntended: number;
  /** Of the order that stands, or of the next. */
  readonly limits?: LimitReservation;
  /** What the CA said last of its limits. */
  readonly correction?: { readonly key: string; readonly retryAt: Instant };
  readonly presentations: readonly Presentation[];
  readonly presented: readonly string[];
  readonly answered: readonly string[];
  readonly authorized: boolean;
  readonly finalizeIntended: number;
  /** Of the run that intended it: a later run takes the time as it is then. */
  readonly signing?: {
    readonly run: number;
    readonly serial: string;
    readonly notBefore: Instant;
    readonly notAfter: Instant;
  };
  /** Of the run that goes on. */
  readonly problem?: StepProblem;
  /** Failures that count against the CA, in a row. */
  readonly caFailures: number;
  readonly ownFailures: number;
  readonly failure?: StepProblem & {
    readonly at: Instant;
    readonly retryAt: Instant;
    /** What was shown to the CA, when that is what failed. */
    readonly shown?: readonly Pick<Presentation, 'challenge' | 'target'>[];
  };
  /** When the first of its failures in a row was. */
  readonly failingSince?: Instant;
  readonly deferral?: { readonly reason: string; readonly until: Instant; readonly detail?: string };
  readonly result?: { readonly fingerprint: string; readonly chainRef: string };
  readonly uncleaned: boolean;
  readonly lastStepAt: Instant;
}

export const noIssuance: IssuanceState = {
  status: 'absent',
  certificate: '',
  uid: '',
  revision: 0,
  generation: 0,
  identifiers: [],
  issuer: { name: '', kind: 'Issuer' },
  requestedAt: '',
  run: 0,
  orders: 0,
  orderIntended: 0,
  presentations: [],
  presented: [],
  answered: [],
  authorized: false,
  finalizeIntended: 0,
  caFailures: 0,
  ownFailures: 0,
  uncleaned: false,
  lastStepAt: '',
};

/** Names the order that stands, or the next one, to whoever counts orders: however often a step runs, it is one. */
export const limitIdOf = ({ uid, revision, order, orders }: IssuanceState): string =>
  `${uid}/${revision}/${order ? orders - 1 : orders}`;

export const issuanceStream = (uid: string, revision: number): string => `issuance/${uid}/${revision}`;

/** Whether anything is left to do: a certificate to obtain, or presented values to remove. */
export const isOpen = (state: IssuanceState): boolean =>
  isUnissued(state) || (state.status !== 'absent' && state.uncleaned);

/** Whether the revision may still become a certificate. */
export const isUnissued = (state: IssuanceState): boolean =>
  state.status === 'requested' ||
  state.status === 'running' ||
  state.status === 'deferred' ||
  state.status === 'failed';

/** Seconds until the next attempt, by what the failure asks for. Jitter is the caller's. */
export function retrySeconds(failure: FailureClass, state: Pick<IssuanceState, 'caFailures' | 'ownFailures'>): number {
  if (failure === 'infrastructure') return Math.min(10 * 2 ** Math.max(0, state.ownFailures - 1), 300);
  const seconds = backoffSeconds(state.caFailures);
  if (failure === 'now') return Math.min(10 * 2 ** Math.max(0, state.caFailures - 1), seconds);
  return failure === 'person' || failure === 'configuration' ? Math.max(seconds, 300) : seconds;
}
