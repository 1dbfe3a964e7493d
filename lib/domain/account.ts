import { type Decider, unknownEvent } from './decider.ts';
import { sameJson } from './json.ts';
import { backoffSeconds, type Failure, type Problem, withJitter } from './problem.ts';
import { Refusal } from './refusal.ts';
import { type Instant, plusSeconds } from './time.ts';

export type AccountEvent =
  | { readonly type: 'AccountKeySealed'; readonly keyRef: string; readonly thumbprint: string }
  | {
      readonly type: 'AccountRegistered';
      readonly server: string;
      readonly accountUrl: string;
      readonly contact: readonly string[];
    }
  | { readonly type: 'AccountKeyChangeRequested' }
  /** The key that is to come lies ready; from now on the CA may have either. */
  | { readonly type: 'AccountKeyPrepared'; readonly keyRef: string; readonly thumbprint: string }
  | { readonly type: 'AccountKeyChanged'; readonly keyRef: string; readonly thumbprint: string }
  /** Without `retryAt` it is given up, and the account keeps its key. */
  | { readonly type: 'AccountKeyChangeFailed'; readonly problem: Problem; readonly retryAt?: Instant };

interface AccountKey {
  readonly ref: string;
  readonly thumbprint: string;
}

/** Another key that the account is to have. */
export interface KeyChange {
  readonly requestedAt: Instant;
  readonly next?: AccountKey;
  readonly failures: number;
  readonly problem?: Problem;
  /** When the CA is asked (again); undefined when it is given up. */
  readonly dueAt?: Instant;
}

/** One account an issuer: its key in the vault, its URL at the server that it was registered with. */
export interface AccountState {
  readonly key?: AccountKey;
  readonly registered?: { readonly server: string; readonly url: string; readonly contact: readonly string[] };
  readonly keyChange?: KeyChange;
  /** How many keys it had before this one. */
  readonly keysBefore?: number;
}

export type AccountCommand =
  | { readonly type: 'RecordKey'; readonly keyRef: string; readonly thumbprint: string }
  | {
      readonly type: 'RecordRegistered';
      readonly server: string;
      readonly accountUrl: string;
      readonly contact: readonly string[];
    }
  | { readonly type: 'RequestKeyChange' }
  | { readonly type: 'PrepareKey'; readonly keyRef: string; readonly thumbprint: string }
  | { readonly type: 'RecordKeyChanged'; readonly keyRef: string }
  /** `after` so many others. `final`: asking again is of no use. `random` in [0, 1). */
  | {
      readonly type: 'RecordKeyChangeFailure';
      readonly after: number;
      readonly failure: Failure;
      readonly final: boolean;
      readonly random: number;
    };

/** `issuer` is owner/name. */
export const accountStream = (issuer: string): string => `account/${issuer}`;

/** Where the key lies that comes after the present one. `issuer` is owner/name. */
export const nextKeyRef = (issuer: string, { keysBefore = 0 }: AccountState): string =>
  `account/${issuer}/${keysBefore + 2}`;

export const accountDecider: Decider<AccountCommand, AccountState, AccountEvent> = {
  category: 'account',
  evolveVersion: 2,
  initialState: {},
  decide(command, state, now) {
    switch (command.type) {
      case 'RecordKey': {
        const { keyRef, thumbprint } = command;
        return state.key ? [] : [{ type: 'AccountKeySealed', keyRef, thumbprint }];
      }
      case 'RecordRegistered': {
        const { server, accountUrl, contact } = command;
        const same =
          state.registered?.server === server &&
          state.registered.url === accountUrl &&
          sameJson(state.registered.contact, contact);
        return same ? [] : [{ type: 'AccountRegistered', server, accountUrl, contact }];
      }
      default:
        return changeKey(command, state, now);
    }
  },
  evolve(state, event, at) {
    const { keyChange = { requestedAt: at, failures: 0, dueAt: at } } = state;
    switch (event.type) {
      case 'AccountKeySealed':
        return { ...state, key: { ref: event.keyRef, thumbprint: event.thumbprint } };
      case 'AccountRegistered':
        return { ...state, registered: { server: event.server, url: event.accountUrl, contact: event.contact } };
      case 'AccountKeyChangeRequested':
        return { ...state, keyChange: { ...keyChange, failures: 0, problem: undefined, dueAt: at } };
      case 'AccountKeyPrepared':
        return { ...state, keyChange: { ...keyChange, next: { ref: event.keyRef, thumbprint: event.thumbprint } } };
      case 'AccountKeyChanged': {
        const key = { ref: event.keyRef, thumbprint: event.thumbprint };
        return { ...state, key, keyChange: undefined, keysBefore: (state.keysBefore ?? 0) + 1 };
      }
      case 'AccountKeyChangeFailed': {
        const { problem, retryAt } = event;
        return { ...state, keyChange: { ...keyChange, failures: keyChange.failures + 1, problem, dueAt: retryAt } };
      }
      default:
        return unknownEvent(event);
    }
  },
  dueAt: ({ keyChange }) => keyChange?.dueAt,
};

type KeyChangeCommand = Exclude<AccountCommand, { readonly type: 'RecordKey' | 'RecordRegistered' }>;

/** From one key to the next (RFC 8555 7.3.5). */
function changeKey(command: KeyChangeCommand, state: AccountState, now: Instant): readonly AccountEvent[] {
  const { key, registered, keyChange } = state;
  switch (command.type) {
    case 'RequestKeyChange':
      if (!key || !registered) {
        throw new Refusal('AccountNotRegistered', 'the issuer has no account at its CA yet', {
          remedy: 'wait until the issuer is ready',
        });
      }
      return keyChange?.dueAt && keyChange.failures === 0 ? [] : [{ type: 'AccountKeyChangeRequested' }];
    case 'PrepareKey': {
      const { keyRef, thumbprint } = command;
      return !keyChange || keyChange.next ? [] : [{ type: 'AccountKeyPrepared', keyRef, thumbprint }];
    }
    case 'RecordKeyChanged': {
      const next = keyChange?.next;
      if (!next || next.ref !== command.keyRef) return [];
      return [{ type: 'AccountKeyChanged', keyRef: next.ref, thumbprint: next.thumbprint }];
    }
    case 'RecordKeyChangeFailure': {
      const { after, failure, final, random } = command;
      if (!keyChange?.dueAt || keyChange.failures !== after) return [];
      const { problem } = failure;
      if (final) return [{ type: 'AccountKeyChangeFailed', problem }];
      const later = plusSeconds(now, withJitter(backoffSeconds(keyChange.failures + 1), random));
      return [{ type: 'AccountKeyChangeFailed', problem, retryAt: failure.retryAt ?? later }];
    }
  }
}
