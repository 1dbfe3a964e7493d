import type { Destination } from '../domain/destination.ts';
import type { FailureClass } from '../domain/problem.ts';
import type { SecretTemplate } from '../domain/spec.ts';

/** What a destination shall hold. PEM texts; `key` is absent in CSR mode; `ca` when the issuer knows it. */
export interface SecretContents {
  readonly certificate: string;
  readonly key?: string;
  readonly ca?: string;
  /** SHA-256 of the leaf's DER, hex. */
  readonly fingerprint: string;
  readonly template: SecretTemplate;
}

/**
 * Who pushes and what it knew: `instance` marks the object as ours; `known` is what the last confirmed push of ours left (never what an
 * observation of somebody else's object saw: exactly that object may be overwritten).
 */
export interface PushContext {
  readonly instance: string;
  /** certificate as team/name. */
  readonly certificate: string;
  /** Which of its states is pushed: the same three, the same contents. */
  readonly desired?: { readonly uid: string; readonly revision: number; readonly generation: number };
  readonly known?: { readonly objectUid: string; readonly resourceVersion: string };
}

/** What stands at a destination. `ours`: our instance's mark is on it. */
export interface ObservedSecret {
  readonly objectUid: string;
  readonly resourceVersion: string;
  /** Of the leaf found there; absent when there is none or it does not parse. */
  readonly fingerprint?: string;
  readonly ours: boolean;
  /** Names of the entries that are not as they were expected, such as `tls.key`; where it was asked with what to expect. */
  readonly differing?: readonly string[];
}

export type PushResult =
  | {
      readonly outcome: 'confirmed';
      readonly objectUid: string;
      readonly resourceVersion: string;
      readonly fingerprint: string;
    }
  /** Time does not cure it: somebody must act. `reason` is a stable word (`NotOwned`, `NamespaceMissing`, `Forbidden`, `Immutable`...). */
  | { readonly outcome: 'refused'; readonly reason: string; readonly message: string }
  | {
      readonly outcome: 'failed';
      readonly class: FailureClass;
      readonly reason: string;
      readonly message: string;
      readonly retryAfter?: number;
    };

/**
 * Where copies go. Contract:
 * - `push` makes the destination hold exactly `contents`, whole or not at all; run twice it changes nothing the second time. It confirms from
 *   the object in the answer. What another owner made is never overwritten unless the destination says `adopt`.
 * - `observe` answers undefined when nothing is there. What `push` confirmed of `expected` differs in nothing.
 * - `withdraw` removes what is ours, and nothing else; absent is no error.
 * - expected refusals are results, not throws. No key material in any message.
 */
export interface Destinations {
  push(to: Destination, contents: SecretContents, context: PushContext): Promise<PushResult>;
  observe(to: Destination, context: PushContext, expected?: SecretContents): Promise<ObservedSecret | undefined>;
  withdraw(to: Destination, context: PushContext): Promise<PushResult | { readonly outcome: 'withdrawn' }>;
}
