import { type Decider, unknownEvent } from './decider.ts';
import { type CaFailure, type Diversion, divert, failuresWith } from './failover.ts';
import { sameJson } from './json.ts';
import { Refusal } from './refusal.ts';
import type { IssuerRef, IssuerSpec } from './spec.ts';
import { earliest, type Instant, plusSeconds } from './time.ts';

/** Owner of what is shared: a name that no team can have. */
export const SHARED = '-';

export type IssuerEvent =
  | { readonly type: 'IssuerConfigured'; readonly generation: number; readonly spec: IssuerSpec }
  | { readonly type: 'IssuerBecameReady'; readonly generation: number }
  | {
      readonly type: 'IssuerBecameUnready';
      readonly generation: number;
      readonly reason: string;
      readonly message: string;
    }
  /** An attempt failed for a reason of the CA's; told of issuers that have a failover. */
  | { readonly type: 'CaFailureSeen'; readonly attempt: string; readonly problem: string }
  /** Its certificates go to the issuers that stand in for it, until `backAt` at least. */
  | { readonly type: 'IssuerDiverted'; readonly reason: string; readonly backAt: Instant; readonly turn: number }
  | { readonly type: 'IssuerRestored' }
  /** Somebody says that its CA takes requests again: what is told in `keys`, of all names or of one, was forgotten. */
  | { readonly type: 'LimitsResumed'; readonly identifier?: string; readonly keys: readonly string[] }
  | { readonly type: 'IssuerDeleted' };

export interface IssuerState {
  readonly status: 'absent' | 'configured' | 'deleted';
  readonly generation: number;
  readonly spec: IssuerSpec;
  readonly ready: 'unknown' | 'ready' | 'unready';
  readonly reason?: string;
  readonly message?: string;
  readonly since?: Instant;
  readonly dueAt?: Instant;
  readonly failures?: readonly CaFailure[];
  readonly diverted?: Diversion;
  /** What was lifted last. */
  readonly resumed?: { readonly identifier?: string; readonly keys: readonly string[]; readonly at: Instant };
  readonly lastDiversion?: { readonly turn: number; readonly ended: Instant };
}

export type IssuerCommand =
  | { readonly type: 'Configure'; readonly spec: IssuerSpec }
  | { readonly type: 'RecordReadiness'; readonly generation: number; readonly ready: true }
  | {
      readonly type: 'RecordReadiness';
      readonly generation: number;
      readonly ready: false;
      readonly reason: string;
      readonly message: string;
    }
  /** `attempt`: the issuance's stream and run. */
  | { readonly type: 'RecordCaFailure'; readonly attempt: string; readonly problem: string }
  /** Its check found it well, and its time is over. */
  | { readonly type: 'Restore' }
  | { readonly type: 'ResumeLimits'; readonly identifier?: string; readonly keys: readonly string[] }
  | { readonly type: 'Delete' };

/** Seconds between checks of an issuer that is not ready, and of one that is. */
export const UNREADY_CHECK = 60;
export const READY_CHECK = 24 * 3600;

export const noIssuer: IssuerState = { status: 'absent', generation: 0, spec: {}, ready: 'unknown' };

/** The owner whose issuer a team's reference means. */
export const issuerOwner = (ref: IssuerRef, team: string): string => (ref.kind === 'ClusterIssuer' ? SHARED : team);

export const issuerStream = (owner: string, name: string): string => `issuer/${owner}/${name}`;

function evolve(state: IssuerState, event: IssuerEvent, at: Instant): IssuerState {
  switch (event.type) {
    case 'IssuerConfigured':
      return {
        status: 'configured',
        generation: event.generation,
        spec: event.spec,
        ready: 'unknown',
        since: at,
        dueAt: at,
      };
    case 'IssuerBecameReady':
      return {
        ...state,
        ready: 'ready',
        reason: undefined,
        message: undefined,
        since: at,
        dueAt: earliest(plusSeconds(at, READY_CHECK), state.diverted?.backAt),
      };
    case 'IssuerBecameUnready': {
      const { reason, message } = event;
      return { ...state, ready: 'unready', reason, message, since: at, dueAt: plusSeconds(at, UNREADY_CHECK) };
    }
    case 'CaFailureSeen': {
      const { failover } = state.spec;
      if (!failover) return state;
      return { ...state, failures: failuresWith(state.failures ?? [], { id: event.attempt, at }, failover) };
    }
    case 'IssuerDiverted': {
      const { reason, backAt, turn } = event;
      return {
        ...state,
        failures: [],
        diverted: { since: at, reason, backAt, turn },
        dueAt: earliest(state.dueAt, backAt),
      };
    }
    case 'IssuerRestored': {
      const lastDiversion = { turn: state.diverted?.turn ?? 1, ended: at };
      return { ...state, failures: [], diverted: undefined, lastDiversion, dueAt: plusSeconds(at, READY_CHECK) };
    }
    case 'LimitsResumed': {
      const { type: _, ...resumed } = event;
      // One that is not ready may have waited for the same.
      return { ...state, resumed: { ...resumed, at }, ...(state.ready === 'unready' && { dueAt: at }) };
    }
    case 'IssuerDeleted':
      return { ...noIssuer, status: 'deleted', generation: state.generation };
    default:
      return unknownEvent(event);
  }
}

function decide(command: IssuerCommand, state: IssuerState, now: Instant): readonly IssuerEvent[] {
  switch (command.type) {
    case 'Configure': {
      const unchanged = state.status === 'configured' && sameJson(state.spec, command.spec);
      return unchanged ? [] : [{ type: 'IssuerConfigured', generation: state.generation + 1, spec: command.spec }];
    }
    case 'RecordReadiness': {
      if (state.status !== 'configured' || state.generation !== command.generation) return [];
      const { generation } = command;
      if (command.ready) return state.ready === 'ready' ? [] : [{ type: 'IssuerBecameReady', generation }];
      const { reason, message } = command;
      const same = state.ready === 'unready' && state.reason === reason && state.message === message;
      return same ? [] : [{ type: 'IssuerBecameUnready', generation, reason, message }];
    }
    case 'RecordCaFailure':
      return recordCaFailure(command, state, now);
    case 'Restore': {
      const { diverted } = state;
      return diverted && diverted.backAt <= now && state.ready === 'ready' ? [{ type: 'IssuerRestored' }] : [];
    }
    case 'ResumeLimits': {
      const { type: _, ...resumed } = command;
      const last = state.resumed;
      const again = last !== undefined && last.at >= now && sameJson(last, { ...resumed, at: last.at });
      return state.status === 'configured' && !again ? [{ type: 'LimitsResumed', ...resumed }] : [];
    }
    case 'Delete':
      return state.status === 'configured' ? [{ type: 'IssuerDeleted' }] : [];
  }
}

/** A failure of an issuer that is stood in for already says nothing new: what began before goes on failing. */
function recordCaFailure(
  { attempt, problem }: Extract<IssuerCommand, { type: 'RecordCaFailure' }>,
  state: IssuerState,
  now: Instant,
): readonly IssuerEvent[] {
  const { failover } = state.spec;
  const known = state.failures ?? [];
  if (state.status !== 'configured' || !failover || state.diverted) return [];
  if (known.some(({ id }) => id === attempt)) return [];
  const seen = { type: 'CaFailureSeen', attempt, problem } as const;
  if (failuresWith(known, { id: attempt, at: now }, failover).length < failover.failures) return [seen];
  const { reason, backAt, turn } = divert(failover, problem, now, state.lastDiversion);
  return [seen, { type: 'IssuerDiverted', reason, backAt, turn }];
}

export const issuerDecider: Decider<IssuerCommand, IssuerState, IssuerEvent> = {
  category: 'issuer',
  evolveVersion: 2,
  initialState: noIssuer,
  decide,
  evolve,
  dueAt: (state) => state.dueAt,
};

/** The configured issuer, or a refusal that names it. */
export function configuredIssuer(state: IssuerState, ref: IssuerRef): IssuerState {
  if (state.status === 'configured') return state;
  throw new Refusal('IssuerNotFound', `there is no ${ref.kind} ${ref.name}`, {
    field: 'spec.issuerRef.name',
    remedy: `apply the ${ref.kind} first, or correct issuerRef.name`,
  });
}
