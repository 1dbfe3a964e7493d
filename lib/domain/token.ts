import { type Decider, unknownEvent } from './decider.ts';
import type { Instant } from './time.ts';

/** What a token may do. `admin` is all of it, for every team. `key` is the export of private keys, which nothing else includes. */
export const VERBS = ['read', 'write', 'key', 'admin'] as const;
export type Verb = (typeof VERBS)[number];

export type TokenEvent =
  | {
      readonly type: 'TokenIssued';
      /** `*`: every team. */
      readonly team: string;
      readonly verbs: readonly Verb[];
      /** SHA-256 of the secret part, hex; the part itself is shown once and kept nowhere. */
      readonly hash: string;
      readonly expires: Instant;
      readonly description?: string;
    }
  | { readonly type: 'TokenRevoked'; readonly reason: string };

export interface TokenState {
  readonly status: 'absent' | 'live' | 'revoked';
  readonly team: string;
  readonly verbs: readonly Verb[];
  readonly hash: string;
  readonly expires: Instant;
  readonly issuedAt: Instant;
  readonly description?: string;
}

export type TokenCommand =
  | {
      readonly type: 'Issue';
      readonly team: string;
      readonly verbs: readonly Verb[];
      readonly hash: string;
      readonly expires: Instant;
      readonly description?: string;
    }
  | { readonly type: 'Revoke'; readonly reason: string };

export const tokenStream = (id: string): string => `token/${id}`;

const noToken: TokenState = { status: 'absent', team: '', verbs: [], hash: '', expires: '', issuedAt: '' };

export const tokenDecider: Decider<TokenCommand, TokenState, TokenEvent> = {
  category: 'token',
  evolveVersion: 1,
  initialState: noToken,
  decide(command, state) {
    if (command.type === 'Revoke')
      return state.status === 'live' ? [{ type: 'TokenRevoked', reason: command.reason }] : [];
    if (state.status !== 'absent') return [];
    const { type: _, ...issued } = command;
    return [{ type: 'TokenIssued', ...issued }];
  },
  evolve(state, event, at) {
    switch (event.type) {
      case 'TokenIssued': {
        const { type: _, ...issued } = event;
        return { ...issued, status: 'live', issuedAt: at };
      }
      case 'TokenRevoked':
        return { ...state, status: 'revoked' };
      default:
        return unknownEvent(event);
    }
  },
  dueAt: () => undefined,
};
