import { type Decider, unknownEvent } from './decider.ts';
import { sameJson } from './json.ts';

export type AccountEvent =
  | { readonly type: 'AccountKeySealed'; readonly keyRef: string; readonly thumbprint: string }
  | {
      readonly type: 'AccountRegistered';
      readonly server: string;
      readonly accountUrl: string;
      readonly contact: readonly string[];
    };

/** One account an issuer: its key in the vault, its URL at the server that it was registered with. */
export interface AccountState {
  readonly key?: { readonly ref: string; readonly thumbprint: string };
  readonly registered?: { readonly server: string; readonly url: string; readonly contact: readonly string[] };
}

export type AccountCommand =
  | { readonly type: 'RecordKey'; readonly keyRef: string; readonly thumbprint: string }
  | {
      readonly type: 'RecordRegistered';
      readonly server: string;
      readonly accountUrl: string;
      readonly contact: readonly string[];
    };

/** `issuer` is owner/name. */
export const accountStream = (issuer: string): string => `account/${issuer}`;

export const accountDecider: Decider<AccountCommand, AccountState, AccountEvent> = {
  category: 'account',
  evolveVersion: 1,
  initialState: {},
  decide(command, state) {
    if (command.type === 'RecordKey') {
      const { keyRef, thumbprint } = command;
      return state.key ? [] : [{ type: 'AccountKeySealed', keyRef, thumbprint }];
    }
    const { server, accountUrl, contact } = command;
    const same =
      state.registered?.server === server &&
      state.registered.url === accountUrl &&
      sameJson(state.registered.contact, contact);
    return same ? [] : [{ type: 'AccountRegistered', server, accountUrl, contact }];
  },
  evolve(state, event) {
    switch (event.type) {
      case 'AccountKeySealed':
        return { ...state, key: { ref: event.keyRef, thumbprint: event.thumbprint } };
      case 'AccountRegistered':
        return { ...state, registered: { server: event.server, url: event.accountUrl, contact: event.contact } };
      default:
        return unknownEvent(event);
    }
  },
  dueAt: () => undefined,
};
