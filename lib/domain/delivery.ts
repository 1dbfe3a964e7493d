import { unknownEvent } from './decider.ts';
import type { Destination } from './destination.ts';
import { type Found, KEEPS_CHANGING, recentDrifts } from './drift.ts';
import type { FailureClass, Problem } from './problem.ts';
import type { Instant } from './time.ts';

/** What a destination shall hold. `generation` counts the spec's changes, so that a new template or encoding is pushed too. */
export interface DesiredDelivery {
  /** team/name */
  readonly certificate: string;
  readonly uid: string;
  readonly revision: number;
  readonly generation: number;
  readonly fingerprint: string;
}

export type DeliveryEvent =
  | ({ readonly type: 'DeliveryRequested'; readonly destination: Destination } & DesiredDelivery)
  /** `keep`: the copy stays and only the claim ends. */
  | { readonly type: 'WithdrawalRequested'; readonly uid: string; readonly keep: boolean }
  | { readonly type: 'RunBegun'; readonly run: number; readonly dueAt: Instant }
  | {
      readonly type: 'DeliveryConfirmed';
      readonly revision: number;
      readonly generation: number;
      readonly objectUid: string;
      readonly resourceVersion: string;
      readonly fingerprint: string;
    }
  | {
      readonly type: 'DeliveryRefused';
      readonly run: number;
      readonly reason: string;
      readonly message: string;
      readonly retryAt: Instant;
    }
  | {
      readonly type: 'DeliveryFailed';
      readonly run: number;
      readonly class: FailureClass;
      readonly problem: Problem;
      readonly retryAt: Instant;
    }
  /** The copy was found otherwise than it was delivered. `retryAt`: it keeps changing, and is left alone until then. */
  | {
      readonly type: 'DriftDetected';
      readonly found: Found;
      /** Of the leaf that stands there. */
      readonly fingerprint?: string;
      /** Names of what differs. */
      readonly entries?: readonly string[];
      readonly retryAt?: Instant;
    }
  /** Somebody wants it pushed again, whatever stands there. */
  | { readonly type: 'RedeliveryRequested' }
  | { readonly type: 'DeliveryWithdrawn' };

export interface DeliveryState {
  readonly status: 'absent' | 'pending' | 'running' | 'confirmed' | 'refused' | 'failed' | 'released';
  readonly destination?: Destination;
  readonly desired?: DesiredDelivery;
  readonly withdrawing: boolean;
  readonly run: number;
  readonly dueAt?: Instant;
  /** Since when the destination has not been as it shall be. */
  readonly owedSince?: Instant;
  readonly observed?: {
    readonly objectUid: string;
    readonly resourceVersion: string;
    readonly fingerprint: string;
    readonly revision: number;
    readonly generation: number;
    readonly at: Instant;
  };
  readonly failures: number;
  readonly failure?: {
    readonly reason: string;
    readonly message: string;
    readonly class: FailureClass;
    readonly at: Instant;
    readonly retryAt: Instant;
  };
  /** When it lately was found otherwise than it was delivered. */
  readonly drifts?: readonly Instant[];
}

export const noDelivery: DeliveryState = { status: 'absent', withdrawing: false, run: 0, failures: 0 };

export const deliveryStream = (key: string): string => `delivery/${key}`;

/** Whether somebody's claim on the destination lives. */
export const isClaimed = (state: DeliveryState): boolean => state.status !== 'absent' && state.status !== 'released';

/** Whether a push or a withdrawal is owed. */
export const isOwed = (state: DeliveryState): boolean => isClaimed(state) && state.status !== 'confirmed';

/** What is owed stays so since it first was: a newer revision takes no lateness away. */
const owedSince = (state: DeliveryState, at: Instant): Instant => (isOwed(state) ? (state.owedSince ?? at) : at);

export function evolveDelivery(state: DeliveryState, event: DeliveryEvent, at: Instant): DeliveryState {
  switch (event.type) {
    case 'DeliveryRequested': {
      const { type: _, destination, ...desired } = event;
      const other = state.desired?.uid !== desired.uid;
      const observed = other ? undefined : state.observed;
      return {
        ...state,
        status: 'pending',
        destination,
        desired,
        withdrawing: false,
        observed,
        failures: 0,
        drifts: other ? undefined : state.drifts,
        dueAt: at,
        owedSince: owedSince(state, at),
      };
    }
    case 'WithdrawalRequested':
      if (event.keep)
        return { ...state, status: 'released', withdrawing: false, dueAt: undefined, owedSince: undefined };
      return {
        ...state,
        status: 'pending',
        withdrawing: true,
        failures: 0,
        dueAt: at,
        owedSince: owedSince(state, at),
      };
    case 'RunBegun':
      return { ...state, status: 'running', run: event.run, dueAt: event.dueAt };
    case 'DeliveryConfirmed': {
      const { type: _, ...seen } = event;
      const observed = { ...seen, at };
      const current = seen.revision === state.desired?.revision && seen.generation === state.desired.generation;
      if (!current) return { ...state, observed, dueAt: at };
      const settled = { failures: 0, failure: undefined, dueAt: undefined, owedSince: undefined };
      return { ...state, status: 'confirmed', observed, ...settled };
    }
    case 'DeliveryRefused': {
      const { reason, message, retryAt } = event;
      const failure = { reason, message, class: 'person', at, retryAt } as const;
      return { ...state, status: 'refused', failures: state.failures + 1, failure, dueAt: retryAt };
    }
    case 'DeliveryFailed': {
      const { class: failed, problem, retryAt } = event;
      const failure = { reason: problem.type, message: problem.detail, class: failed, at, retryAt };
      return { ...state, status: 'failed', failures: state.failures + 1, failure, dueAt: retryAt };
    }
    case 'DriftDetected':
      return drifted(state, event, at);
    case 'RedeliveryRequested':
      return {
        ...state,
        status: 'pending',
        failures: 0,
        drifts: undefined,
        dueAt: at,
        owedSince: owedSince(state, at),
      };
    case 'DeliveryWithdrawn':
      return {
        ...state,
        status: 'released',
        withdrawing: false,
        observed: undefined,
        failure: undefined,
        dueAt: undefined,
        owedSince: undefined,
      };
    default:
      return unknownEvent(event);
  }
}

function drifted(
  state: DeliveryState,
  event: Extract<DeliveryEvent, { type: 'DriftDetected' }>,
  at: Instant,
): DeliveryState {
  const drifts = [...recentDrifts(state.drifts ?? [], at), at];
  const owed = { ...state, drifts, owedSince: at } as const;
  const { retryAt } = event;
  if (!retryAt) return { ...owed, status: 'pending', dueAt: at };
  const message = `Something else changed the copy ${drifts.length} times within a day: it is left as it is for a while.`;
  const failure = { reason: KEEPS_CHANGING, message, class: 'person', at, retryAt } as const;
  return { ...owed, status: 'failed', failure, dueAt: retryAt };
}
