import { type Decider, unknownEvent } from './decider.ts';
import { type Instant, plusSeconds } from './time.ts';

export type ClusterEvent =
  | {
      readonly type: 'ClusterRegistered';
      readonly endpoint: string;
      /** SHA-256 of the CA bundle's text, hex. */
      readonly caFingerprint: string;
      /** Where kubeconfig material is sealed. */
      readonly credentialRef: string;
    }
  | { readonly type: 'ClusterBecameReachable'; readonly version: string }
  | { readonly type: 'ClusterBecameUnreachable'; readonly reason: string }
  | { readonly type: 'ClusterRemoved' };

export interface ClusterState {
  readonly status: 'absent' | 'registered';
  readonly endpoint: string;
  readonly caFingerprint: string;
  readonly credentialRef: string;
  readonly reachable: 'unknown' | 'yes' | 'no';
  readonly version?: string;
  readonly reason?: string;
  readonly since?: Instant;
  readonly dueAt?: Instant;
}

export type ClusterCommand =
  | {
      readonly type: 'Register';
      readonly endpoint: string;
      readonly caFingerprint: string;
      readonly credentialRef: string;
    }
  | { readonly type: 'RecordReachable'; readonly credentialRef: string; readonly version: string }
  | { readonly type: 'RecordUnreachable'; readonly credentialRef: string; readonly reason: string }
  | { readonly type: 'Remove' };

export const clusterStream = (name: string): string => `cluster/${name}`;

/** Seconds between checks of a cluster that did not answer, and of one that did. */
export const UNREACHABLE_CHECK = 60;
export const REACHABLE_CHECK = 3600;

const noCluster: ClusterState = {
  status: 'absent',
  endpoint: '',
  caFingerprint: '',
  credentialRef: '',
  reachable: 'unknown',
};

function decide(command: ClusterCommand, state: ClusterState): readonly ClusterEvent[] {
  switch (command.type) {
    case 'Register': {
      const { endpoint, caFingerprint, credentialRef } = command;
      if (state.credentialRef === credentialRef) return [];
      return [{ type: 'ClusterRegistered', endpoint, caFingerprint, credentialRef }];
    }
    case 'RecordReachable': {
      if (state.credentialRef !== command.credentialRef) return [];
      const same = state.reachable === 'yes' && state.version === command.version;
      return same ? [] : [{ type: 'ClusterBecameReachable', version: command.version }];
    }
    case 'RecordUnreachable': {
      if (state.credentialRef !== command.credentialRef) return [];
      const same = state.reachable === 'no' && state.reason === command.reason;
      return same ? [] : [{ type: 'ClusterBecameUnreachable', reason: command.reason }];
    }
    case 'Remove':
      return state.status === 'registered' ? [{ type: 'ClusterRemoved' }] : [];
  }
}

export const clusterDecider: Decider<ClusterCommand, ClusterState, ClusterEvent> = {
  category: 'cluster',
  evolveVersion: 1,
  initialState: noCluster,
  decide,
  evolve(state, event, at) {
    switch (event.type) {
      case 'ClusterRegistered': {
        const { endpoint, caFingerprint, credentialRef } = event;
        return {
          status: 'registered',
          endpoint,
          caFingerprint,
          credentialRef,
          reachable: 'unknown',
          since: at,
          dueAt: at,
        };
      }
      case 'ClusterBecameReachable': {
        const dueAt = plusSeconds(at, REACHABLE_CHECK);
        return { ...state, reachable: 'yes', version: event.version, reason: undefined, since: at, dueAt };
      }
      case 'ClusterBecameUnreachable': {
        const dueAt = plusSeconds(at, UNREACHABLE_CHECK);
        return { ...state, reachable: 'no', reason: event.reason, since: at, dueAt };
      }
      case 'ClusterRemoved':
        return noCluster;
      default:
        return unknownEvent(event);
    }
  },
  dueAt: (state) => state.dueAt,
};
