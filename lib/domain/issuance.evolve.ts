import { GRACE, unknownEvent } from './decider.ts';
import { type IssuanceEvent, type IssuanceState, isUnissued, noIssuance } from './issuance.ts';
import { type Instant, plusSeconds } from './time.ts';

const withoutOrder = {
  order: undefined,
  presented: [],
  answered: [],
  authorized: false,
} as const;

/** How an issuance's stream is read. */
export function evolveIssuance(state: IssuanceState, event: IssuanceEvent, at: Instant): IssuanceState {
  const next = evolveEvent(state, event, at);
  return { ...next, lastStepAt: at };
}

function evolveEvent(state: IssuanceState, event: IssuanceEvent, at: Instant): IssuanceState {
  switch (event.type) {
    case 'IssuanceRequested': {
      const { type: _, ...request } = event;
      return { ...noIssuance, ...request, status: 'requested', requestedAt: at, dueAt: at };
    }
    case 'RunBegun': {
      const status = isUnissued(state) ? 'running' : state.status;
      return { ...state, status, run: event.run, dueAt: event.dueAt, problem: undefined, deferral: undefined };
    }
    case 'KeySealed':
      return { ...state, key: { ref: event.keyRef, publicKeyHash: event.publicKeyHash } };
    case 'OrderIntended':
      return { ...state, orderIntended: event.run };
    case 'OrderPlaced': {
      const { orderUrl, finalizeUrl, authorizations, expires } = event;
      const order = { url: orderUrl, finalizeUrl, authorizations, expires };
      return { ...state, ...withoutOrder, order, orders: state.orders + 1 };
    }
    case 'PresentationIntended': {
      const { type: _, ...presentation } = event;
      return { ...state, presentations: [...state.presentations, presentation], uncleaned: true };
    }
    case 'ChallengesPresented':
      return { ...state, presented: [...state.presented, ...event.authorizations] };
    case 'ChallengesAnswered':
      return { ...state, answered: [...state.answered, ...event.authorizations] };
    case 'AuthorizationsValidated':
      return { ...state, authorized: true };
    case 'AuthorizationInvalidated':
      return state;
    case 'FinalizeIntended':
      return { ...state, finalizeIntended: event.run };
    case 'SigningIntended': {
      const { run, serial, notBefore, notAfter } = event;
      return { ...state, signing: { run, serial, notBefore, notAfter } };
    }
    case 'OrderAbandoned':
      return { ...state, ...withoutOrder };
    case 'ProblemRecorded': {
      const { step, class: failure, problem, retryAt } = event;
      return { ...state, problem: { step, class: failure, problem, retryAt } };
    }
    case 'IssuanceSucceeded': {
      const { fingerprint, chainRef } = event;
      return ended({ ...state, status: 'succeeded', result: { fingerprint, chainRef }, problem: undefined }, at);
    }
    case 'RunDeferred':
      return {
        ...state,
        status: 'deferred',
        dueAt: event.dueAt,
        deferral: { reason: event.reason, until: event.dueAt, ...(event.detail && { detail: event.detail }) },
      };
    case 'LimitReserved': {
      const { id, keys, expires } = event;
      return { ...state, limits: { id, keys, expires } };
    }
    case 'LimitReleased':
      return { ...state, limits: undefined };
    case 'LimitCorrected':
      return { ...state, correction: { key: event.key, retryAt: event.retryAt } };
    case 'IssuanceFailed':
      return evolveFailed(state, event, at);
    case 'IssuanceSuperseded':
      return ended({ ...state, status: 'superseded' }, at);
    case 'ChallengesCleanedUp': {
      // What was answered is shown again if its order goes on: the CA may still look.
      const cleaned = { ...state, presentations: [], presented: [], answered: [], uncleaned: false };
      return isUnissued(state) ? cleaned : { ...cleaned, dueAt: undefined };
    }
    default:
      return unknownEvent(event);
  }
}

/** The end of the issuance leaves at most its clean-up owed. */
function ended(state: IssuanceState, at: Instant): IssuanceState {
  return { ...state, dueAt: state.uncleaned ? plusSeconds(at, GRACE) : undefined };
}

function evolveFailed(
  state: IssuanceState,
  event: Extract<IssuanceEvent, { type: 'IssuanceFailed' }>,
  at: Instant,
): IssuanceState {
  const own = event.class === 'infrastructure';
  const step = state.problem?.step ?? '';
  const { class: failure, problem, retryAt } = event;
  const shown = step === 'Challenge' ? state.presentations.map(({ challenge, target }) => ({ challenge, target })) : [];
  return {
    ...state,
    status: 'failed',
    caFailures: own ? state.caFailures : state.caFailures + 1,
    ownFailures: own ? state.ownFailures + 1 : 0,
    failure: { step, class: failure, problem, retryAt, at, ...(shown.length > 0 && { shown }) },
    failingSince: state.failingSince ?? at,
    dueAt: retryAt,
  };
}
