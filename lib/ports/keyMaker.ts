import type { KeyKind } from '../domain/spec.ts';

/**
 * Makes private keys that do not leave the place where they are made. Contract:
 * - `make` answers what `x509.signer` reads in the place of a private key, such as an ARN. The same `ref` is the same key, whoever asks and
 *   however often, until it is retired. It throws Refusal `KeyKindNotKept` for a kind of key that the place does not have.
 * - `retire` lets a key go that nothing signs with any more. It is gone for good only after days, in which it can be called back. What is no
 *   key of this place, or is gone already, is no error.
 */
export interface KeyMaker {
  make(ref: string, owner: string, kind: KeyKind): Promise<string>;
  retire(key: string): Promise<void>;
}
