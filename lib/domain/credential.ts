import { type Decider, unknownEvent } from './decider.ts';
import type { Instant } from './time.ts';

/** A write-only resource: the ledger knows where its value is sealed and which fields it has, never the value. */
export type CredentialEvent =
  | {
      readonly type: 'CredentialSealed';
      readonly ref: string;
      readonly kind: string;
      readonly fields: readonly string[];
    }
  | { readonly type: 'CredentialDeleted' };

export interface CredentialState {
  readonly ref?: string;
  readonly kind: string;
  readonly fields: readonly string[];
  readonly sealedAt?: Instant;
}

export type CredentialCommand =
  | { readonly type: 'RecordSealed'; readonly ref: string; readonly kind: string; readonly fields: readonly string[] }
  | { readonly type: 'Delete' };

export const credentialStream = (owner: string, name: string): string => `credential/${owner}/${name}`;

const noCredential: CredentialState = { kind: '', fields: [] };

export const credentialDecider: Decider<CredentialCommand, CredentialState, CredentialEvent> = {
  category: 'credential',
  evolveVersion: 1,
  initialState: noCredential,
  decide(command, state) {
    if (command.type === 'Delete') return state.ref ? [{ type: 'CredentialDeleted' }] : [];
    const { ref, kind, fields } = command;
    return state.ref === ref ? [] : [{ type: 'CredentialSealed', ref, kind, fields }];
  },
  evolve(_state, event, at) {
    switch (event.type) {
      case 'CredentialSealed':
        return { ref: event.ref, kind: event.kind, fields: event.fields, sealedAt: at };
      case 'CredentialDeleted':
        return noCredential;
      default:
        return unknownEvent(event);
    }
  },
  dueAt: () => undefined,
};
