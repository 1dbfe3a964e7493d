import type { Dns01Spec } from '../domain/spec.ts';

/** One TXT value at one owner name (fully qualified, no trailing dot, lower case). */
export interface TxtValue {
  readonly fqdn: string;
  readonly value: string;
}

/**
 * A solver's dns01 configuration with its credentials opened. `owner`: whose issuer it is; `secrets` holds each `*SecretRef`'s text by field
 * name.
 */
export interface Dns01Target {
  readonly owner: string;
  readonly spec: Dns01Spec;
  readonly secrets: Readonly<Record<string, string>>;
}

/** What a DNS server or webhook refused, or that it was not reached. `retry`: whether time alone may cure it. */
export class DnsError extends Error {
  override readonly name = 'DnsError';
  readonly code: string;
  readonly retry: boolean;
  constructor(code: string, message: string, retry: boolean) {
    super(message);
    this.code = code;
    this.retry = retry;
  }
}

/**
 * TXT records for dns-01. Contract:
 * - `present` adds the values to whatever stands at their names, in one change a zone; values already there stay once.
 * - `cleanUp` removes exactly these values; other values at the same name stay; absent values are no error.
 * - `target` follows CNAMEs from `_acme-challenge.<name>` and answers the name to write at (the same name when there is no CNAME).
 * - `missing` asks every authoritative name server of each name directly, without recursion, and answers the values that some server lacks.
 * All throw DnsError.
 */
export interface DnsProvider {
  target(to: Dns01Target, fqdn: string): Promise<string>;
  present(to: Dns01Target, values: readonly TxtValue[]): Promise<void>;
  cleanUp(to: Dns01Target, values: readonly TxtValue[]): Promise<void>;
  missing(to: Dns01Target, values: readonly TxtValue[]): Promise<TxtValue[]>;
}
