import type { Decider } from './decider.ts';
import {
  type DeliveryEvent,
  type DeliveryState,
  type DesiredDelivery,
  evolveDelivery,
  isClaimed,
  isOwed,
  noDelivery,
} from './delivery.ts';
import type { Destination } from './destination.ts';
import { foundOf, pauseAfterDrift, type SeenCopy } from './drift.ts';
import { backoffSeconds, type FailureClass, type Problem, withJitter } from './problem.ts';
import { Refusal } from './refusal.ts';
import { earliest, type Instant, later, plusSeconds } from './time.ts';

export type DeliveryCommand =
  | ({ readonly type: 'Request'; readonly destination: Destination } & DesiredDelivery)
  | { readonly type: 'Withdraw'; readonly uid: string; readonly keep: boolean }
  | { readonly type: 'BeginRun'; readonly after: number; readonly force?: boolean }
  | {
      readonly type: 'RecordConfirmed';
      readonly run: number;
      readonly revision: number;
      readonly generation: number;
      readonly objectUid: string;
      readonly resourceVersion: string;
      readonly fingerprint: string;
    }
  | {
      readonly type: 'RecordRefused';
      readonly run: number;
      readonly reason: string;
      readonly message: string;
      readonly random: number;
    }
  | {
      readonly type: 'RecordFailed';
      readonly run: number;
      readonly class: FailureClass;
      readonly problem: Problem;
      readonly retryAt?: Instant;
      readonly random: number;
    }
  /** Somebody looked at the copy that run `after` had left. `seen` is absent where there was none. */
  | { readonly type: 'Observe'; readonly after: number; readonly seen?: SeenCopy; readonly random: number }
  | { readonly type: 'Redeliver' }
  | { readonly type: 'RecordWithdrawn'; readonly run: number };

/** Seconds after which the scan asks whether a run still lives. */
const RUN_CHECK = 600;

/** The longest that a destination can put us off, in seconds. */
const LONGEST_RETRY = 86_400;

function decideDelivery(command: DeliveryCommand, state: DeliveryState, now: Instant): readonly DeliveryEvent[] {
  switch (command.type) {
    case 'Request':
      return request(command, state, now);
    case 'Withdraw': {
      if (!isClaimed(state) || state.desired?.uid !== command.uid || state.withdrawing) return [];
      const { uid, keep } = command;
      const asked = { type: 'WithdrawalRequested', uid, keep } as const;
      return keep ? [asked] : [asked, begun(state, now)];
    }
    case 'BeginRun': {
      if (state.run !== command.after || !isOwed(state)) return [];
      const due = state.dueAt !== undefined && state.dueAt <= now;
      return due || (command.force && state.status !== 'running') ? [begun(state, now)] : [];
    }
    case 'Observe':
      return observe(command, state, now);
    case 'Redeliver': {
      // What runs is on its way already.
      const idle = isClaimed(state) && !state.withdrawing && state.status !== 'running';
      return idle ? [{ type: 'RedeliveryRequested' }, begun(state, now)] : [];
    }
    default:
      return state.run === command.run && state.status === 'running' ? record(command, state, now) : [];
  }
}

const begun = (state: DeliveryState, now: Instant): DeliveryEvent => ({
  type: 'RunBegun',
  run: state.run + 1,
  dueAt: plusSeconds(now, RUN_CHECK),
});

function request(
  command: Extract<DeliveryCommand, { type: 'Request' }>,
  state: DeliveryState,
  now: Instant,
): readonly DeliveryEvent[] {
  const { type: _, destination, ...desired } = command;
  const held = isClaimed(state) ? state.desired : undefined;
  if (held && held.uid !== desired.uid) {
    throw new Refusal('DestinationTaken', `the destination already holds certificate ${held.certificate}`, {
      field: 'spec.destinations',
      remedy: 'name another destination, or delete the other certificate first',
    });
  }
  // Only the end of a certificate withdraws: a request of its that comes late does not take that back.
  if (held && state.withdrawing) return [];
  const older = held && (desired.revision < held.revision || desired.generation < held.generation);
  const equal = held && desired.revision === held.revision && desired.generation === held.generation;
  if (older || equal) return [];
  return [{ type: 'DeliveryRequested', destination, ...desired }, begun(state, now)];
}

/** What runs, waits or is let go is not looked at; nor does a look count that was made before the last push. */
function observe(
  { after, seen, random }: Extract<DeliveryCommand, { type: 'Observe' }>,
  state: DeliveryState,
  now: Instant,
): readonly DeliveryEvent[] {
  const found = foundOf(seen);
  if (state.status !== 'confirmed' || state.run !== after || !found) return [];
  const { fingerprint, differing: entries = [] } = seen ?? {};
  const drift = {
    type: 'DriftDetected',
    found,
    ...(fingerprint && { fingerprint }),
    ...(entries.length > 0 && { entries }),
  } as const;
  const pause = pauseAfterDrift(state.drifts ?? [], now);
  if (pause === 0) return [drift, begun(state, now)];
  return [{ ...drift, retryAt: plusSeconds(now, withJitter(pause, random)) }];
}

type RunCommand = Extract<DeliveryCommand, { readonly run: number }>;

function record(command: RunCommand, state: DeliveryState, now: Instant): readonly DeliveryEvent[] {
  switch (command.type) {
    case 'RecordConfirmed': {
      if (state.withdrawing) return [];
      const { type: _, run: __, ...seen } = command;
      const confirmed: DeliveryEvent = { type: 'DeliveryConfirmed', ...seen };
      const current = seen.revision === state.desired?.revision && seen.generation === state.desired.generation;
      return current ? [confirmed] : [confirmed, begun(state, now)];
    }
    case 'RecordRefused': {
      const { run, reason, message, random } = command;
      const seconds = withJitter(Math.min(60 * 2 ** state.failures, 3600), random);
      return [{ type: 'DeliveryRefused', run, reason, message, retryAt: plusSeconds(now, seconds) }];
    }
    case 'RecordFailed': {
      const { run, problem, random } = command;
      const first = command.class === 'now' ? 1 : Math.min(backoffSeconds(state.failures + 1) / 6, 900);
      const backoff = plusSeconds(now, withJitter(first, random));
      const retryAt = command.retryAt
        ? earliest(later(command.retryAt, now), plusSeconds(now, LONGEST_RETRY))!
        : backoff;
      return [{ type: 'DeliveryFailed', run, class: command.class, problem, retryAt }];
    }
    case 'RecordWithdrawn':
      return state.withdrawing ? [{ type: 'DeliveryWithdrawn' }] : [];
  }
}

export const deliveryDecider: Decider<DeliveryCommand, DeliveryState, DeliveryEvent> = {
  category: 'delivery',
  evolveVersion: 3,
  initialState: noDelivery,
  decide: decideDelivery,
  evolve: evolveDelivery,
  dueAt: (state) => state.dueAt,
};
