import type { Decider } from './decider.ts';
import { isOfTheCa } from './failover.ts';
import { evolveIssuance } from './issuance.evolve.ts';
import {
  type IssuanceEvent,
  type IssuanceState,
  isOpen,
  isUnissued,
  type LimitReservation,
  noIssuance,
  type OrderRef,
  type Presentation,
  retrySeconds,
  type StepProblem,
} from './issuance.ts';
import { sameJson } from './json.ts';
import { type Problem, urgentPause, validationPause, withJitter } from './problem.ts';
import { Refusal } from './refusal.ts';
import { earliest, type Instant, later, plusSeconds, secondsBetween } from './time.ts';

type Requested = Omit<Extract<IssuanceEvent, { type: 'IssuanceRequested' }>, 'type'>;

/** Commands of a step carry `run`; one of an older run changes nothing. */
type OfRun<T> = T & { readonly run: number };

export type IssuanceCommand =
  /** Requests the issuance and begins its first run. */
  | ({ readonly type: 'Start' } & Requested)
  /** Begins the run after `run`, when none lives: it ended, its time is past, or somebody said so (`force`). */
  | { readonly type: 'BeginRun'; readonly after: number; readonly force?: boolean }
  | { readonly type: 'RecordKey'; readonly keyRef: string; readonly publicKeyHash: string }
  | OfRun<{ readonly type: 'IntendOrder' }>
  | OfRun<{ readonly type: 'RecordOrder'; readonly order: OrderRef }>
  | OfRun<{ readonly type: 'AbandonOrder'; readonly url: string; readonly reason: string }>
  | OfRun<{ readonly type: 'IntendPresentation'; readonly presentations: readonly Presentation[] }>
  | OfRun<{ readonly type: 'RecordPresented'; readonly authorizations: readonly string[] }>
  | OfRun<{ readonly type: 'RecordAnswered'; readonly authorizations: readonly string[] }>
  | OfRun<{ readonly type: 'RecordAuthorized'; readonly expires?: Instant }>
  | OfRun<{ readonly type: 'RecordInvalid'; readonly url: string; readonly problems: readonly Problem[] }>
  | OfRun<{ readonly type: 'IntendFinalize' }>
  | OfRun<{
      readonly type: 'IntendSigning';
      readonly serial: string;
      readonly notBefore: Instant;
      readonly notAfter: Instant;
    }>
  | OfRun<{ readonly type: 'RecordProblem' } & StepProblem>
  | OfRun<{ readonly type: 'Defer'; readonly dueAt: Instant; readonly reason: string; readonly detail?: string }>
  | OfRun<{ readonly type: 'RecordReserved' } & LimitReservation>
  | OfRun<{ readonly type: 'RecordReleased' }>
  | OfRun<{ readonly type: 'RecordCorrected'; readonly key: string; readonly retryAt: Instant }>
  /** Folds the run's problem (or `thrown`, for what a step did not expect) into IssuanceFailed. `random` in [0, 1) spreads the retry. */
  | OfRun<{
      readonly type: 'RecordFailure';
      readonly thrown?: StepProblem;
      readonly random: number;
      /** When the certificate that stands meanwhile ends; absent when none stands. */
      readonly expires?: Instant;
    }>
  | { readonly type: 'RecordSuccess'; readonly fingerprint: string; readonly chainRef: string }
  | { readonly type: 'Supersede'; readonly reason: 'Superseded' | 'Deleted' }
  /** Of the run that cleaned: a later one may have presented since. */
  | OfRun<{ readonly type: 'RecordCleanedUp' }>;

/** Seconds after which the scan asks whether a run still lives. */
export const RUN_CHECK = 600;

/** The longest that another side can put us off, in seconds: the longest rate limit of a public CA is a week. */
const LONGEST = 7 * 86_400;

const atMost = (at: Instant, now: Instant): Instant => earliest(at, plusSeconds(now, LONGEST))!;

function decideIssuance(command: IssuanceCommand, state: IssuanceState, now: Instant): readonly IssuanceEvent[] {
  if (command.type === 'Start') return start(command, state, now);
  if (state.status === 'absent') throw new Refusal('IssuanceNotFound', 'there is no such issuance');
  if (command.type === 'RecordCleanedUp')
    return state.uncleaned && state.run === command.run ? [{ type: 'ChallengesCleanedUp' }] : [];
  if ('run' in command) return state.run === command.run && isUnissued(state) ? ofRun(command, state, now) : [];
  switch (command.type) {
    case 'BeginRun':
      return beginRun(command, state, now);
    case 'RecordKey': {
      const { keyRef, publicKeyHash } = command;
      return state.key ? [] : [{ type: 'KeySealed', keyRef, publicKeyHash }];
    }
    case 'RecordSuccess': {
      const { fingerprint, chainRef } = command;
      return isUnissued(state) ? [{ type: 'IssuanceSucceeded', fingerprint, chainRef }] : [];
    }
    case 'Supersede':
      return isUnissued(state) ? [{ type: 'IssuanceSuperseded', reason: command.reason }] : [];
  }
}

function start(
  command: { readonly type: 'Start' } & Requested,
  state: IssuanceState,
  now: Instant,
): readonly IssuanceEvent[] {
  if (state.status !== 'absent') return [];
  const { type: _, ...request } = command;
  return [{ type: 'IssuanceRequested', ...request }, run(1, now)];
}

const run = (number: number, now: Instant): IssuanceEvent => ({
  type: 'RunBegun',
  run: number,
  dueAt: plusSeconds(now, RUN_CHECK),
});

function beginRun(
  { after, force }: Extract<IssuanceCommand, { type: 'BeginRun' }>,
  state: IssuanceState,
  now: Instant,
): readonly IssuanceEvent[] {
  if (state.run !== after || !isOpen(state)) return [];
  const due = state.dueAt !== undefined && state.dueAt <= now;
  const idle = state.status === 'failed' || state.status === 'deferred' || state.status === 'requested';
  return due || (force && idle) ? [run(after + 1, now)] : [];
}

type RunCommand = Exclude<Extract<IssuanceCommand, { readonly run: number }>, { readonly type: 'RecordCleanedUp' }>;

function ofRun(command: RunCommand, state: IssuanceState, now: Instant): readonly IssuanceEvent[] {
  switch (command.type) {
    case 'IntendOrder':
      return state.order || state.orderIntended === state.run ? [] : [{ type: 'OrderIntended', run: command.run }];
    case 'RecordOrder': {
      const { url, finalizeUrl, authorizations, expires } = command.order;
      if (state.order) return [];
      return [{ type: 'OrderPlaced', orderUrl: url, finalizeUrl, authorizations, expires }];
    }
    case 'AbandonOrder':
      return state.order?.url === command.url ? [{ type: 'OrderAbandoned', reason: command.reason }] : [];
    case 'IntendPresentation': {
      return command.presentations
        .filter((p) => !state.presentations.some((known) => sameJson(known, p)))
        .map((p) => ({ type: 'PresentationIntended', ...p }));
    }
    case 'RecordPresented': {
      const authorizations = command.authorizations.filter((url) => !state.presented.includes(url));
      return authorizations.length > 0 ? [{ type: 'ChallengesPresented', authorizations }] : [];
    }
    case 'RecordAnswered': {
      const shown = command.authorizations.filter((url) => !state.presented.includes(url));
      const answered = command.authorizations.filter((url) => !state.answered.includes(url));
      return [
        ...(shown.length > 0 ? [{ type: 'ChallengesPresented', authorizations: shown } as const] : []),
        ...(answered.length > 0 ? [{ type: 'ChallengesAnswered', authorizations: answered } as const] : []),
      ];
    }
    case 'RecordAuthorized':
      return state.authorized ? [] : [{ type: 'AuthorizationsValidated', expires: command.expires }];
    case 'RecordInvalid':
      return recordInvalid(command, state);
    case 'IntendFinalize':
      return state.finalizeIntended === state.run ? [] : [{ type: 'FinalizeIntended', run: command.run }];
    case 'IntendSigning': {
      const { serial, notBefore, notAfter } = command;
      if (state.signing?.run === command.run) return [];
      return [{ type: 'SigningIntended', run: command.run, serial, notBefore, notAfter }];
    }
    case 'RecordProblem': {
      if (state.problem) return [];
      return [{ ...command, type: 'ProblemRecorded' }];
    }
    case 'Defer': {
      const { run: number, reason, detail } = command;
      if (state.status === 'deferred') return [];
      const dueAt = atMost(command.dueAt, now);
      return [{ type: 'RunDeferred', run: number, dueAt, reason, ...(detail && { detail }) }];
    }
    case 'RecordReserved': {
      const { id, keys, expires } = command;
      return sameJson(state.limits, { id, keys, expires }) ? [] : [{ type: 'LimitReserved', id, keys, expires }];
    }
    case 'RecordReleased':
      return state.limits ? [{ type: 'LimitReleased', keys: state.limits.keys }] : [];
    case 'RecordCorrected': {
      const { key, retryAt } = command;
      return sameJson(state.correction, { key, retryAt }) ? [] : [{ type: 'LimitCorrected', key, retryAt }];
    }
    case 'RecordFailure':
      return recordFailure(command, state, now);
  }
}

/** Authorizations that failed make the order useless (RFC 8555 7.1.6); the facts stand in one commit. */
function recordInvalid(
  { url, problems }: Extract<IssuanceCommand, { type: 'RecordInvalid' }>,
  state: IssuanceState,
): readonly IssuanceEvent[] {
  if (state.order?.url !== url) return [];
  const invalid = problems
    .filter((problem) => problem.identifier !== undefined)
    .map((problem) => ({ type: 'AuthorizationInvalidated', identifier: problem.identifier!, problem }) as const);
  return [...invalid, { type: 'OrderAbandoned', reason: 'Invalid' }];
}

function recordFailure(
  { thrown, random, expires }: Extract<IssuanceCommand, { type: 'RecordFailure' }>,
  state: IssuanceState,
  now: Instant,
): readonly IssuanceEvent[] {
  if (state.status !== 'running') return [];
  const cause = thrown ?? state.problem;
  if (!cause) return [];
  const counted =
    cause.class === 'infrastructure'
      ? { ...state, ownFailures: state.ownFailures + 1 }
      : { ...state, caFailures: state.caFailures + 1 };
  const left = expires === undefined ? undefined : secondsBetween(now, expires);
  const usual = Math.max(retrySeconds(cause.class, counted), validationPause(cause.problem, counted.caFailures));
  const pause = urgentPause(usual, left, isOfTheCa(cause.problem));
  const backoff = plusSeconds(now, withJitter(pause, random));
  const retryAt = cause.retryAt ? atMost(later(cause.retryAt, plusSeconds(now, 1)), now) : backoff;
  return [{ type: 'IssuanceFailed', run: state.run, class: cause.class, problem: cause.problem, retryAt }];
}

export const issuanceDecider: Decider<IssuanceCommand, IssuanceState, IssuanceEvent> = {
  category: 'issuance',
  evolveVersion: 4,
  initialState: noIssuance,
  decide: decideIssuance,
  evolve: evolveIssuance,
  dueAt: (state) => (isOpen(state) ? state.dueAt : undefined),
};
