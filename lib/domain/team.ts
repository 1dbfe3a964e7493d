import { type Decider, unknownEvent } from './decider.ts';
import { sameJson } from './json.ts';
import { defaultPolicy, type TeamPolicy } from './policy.ts';
import { Refusal } from './refusal.ts';

export type TeamEvent =
  | { readonly type: 'TeamCreated' }
  | { readonly type: 'TeamPolicySet'; readonly version: number; readonly policy: TeamPolicy }
  | { readonly type: 'TeamDeleted' };

export interface TeamState {
  readonly status: 'absent' | 'live' | 'deleted';
  /** Counts policies; certificates say under which one they were requested. */
  readonly policyVersion: number;
  readonly policy: TeamPolicy;
}

export type TeamCommand =
  | { readonly type: 'Put'; readonly policy: TeamPolicy }
  /** `certificates`: how many the team still has. */
  | { readonly type: 'Delete'; readonly certificates: number };

export const teamStream = (name: string): string => `team/${name}`;

const noTeam: TeamState = { status: 'absent', policyVersion: 0, policy: defaultPolicy };

function decide(command: TeamCommand, state: TeamState): readonly TeamEvent[] {
  if (command.type === 'Put') {
    const created: readonly TeamEvent[] = state.status === 'live' ? [] : [{ type: 'TeamCreated' }];
    const same = state.status === 'live' && sameJson(state.policy, command.policy);
    if (same) return [];
    return [...created, { type: 'TeamPolicySet', version: state.policyVersion + 1, policy: command.policy }];
  }
  if (state.status !== 'live') return [];
  if (command.certificates > 0) {
    throw new Refusal('TeamInUse', `the team still has ${command.certificates} certificates`, {
      remedy: 'delete its certificates first',
    });
  }
  return [{ type: 'TeamDeleted' }];
}

export const teamDecider: Decider<TeamCommand, TeamState, TeamEvent> = {
  category: 'team',
  evolveVersion: 1,
  initialState: noTeam,
  decide,
  evolve(state, event) {
    switch (event.type) {
      case 'TeamCreated':
        return { ...noTeam, policyVersion: state.policyVersion, status: 'live' };
      case 'TeamPolicySet':
        return { ...state, policyVersion: event.version, policy: event.policy };
      case 'TeamDeleted':
        return { ...noTeam, policyVersion: state.policyVersion, status: 'deleted' };
      default:
        return unknownEvent(event);
    }
  },
  dueAt: () => undefined,
};

/** The team's state, or a refusal that names it. */
export function liveTeam(state: TeamState, name: string): TeamState {
  if (state.status === 'live') return state;
  throw new Refusal('TeamNotFound', `there is no team ${name}`, { remedy: `create it: chancery team put ${name}` });
}
