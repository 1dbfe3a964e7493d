import type { Identifier } from './identifier.ts';
import type { Instant } from './time.ts';

/** A problem document as RFC 8555 6.7 uses it, without its prefix: `type` is `rateLimited`, `caa`, `connection`... */
export interface Problem {
  readonly type: string;
  readonly detail: string;
  readonly status?: number;
  readonly identifier?: Identifier;
  readonly subproblems?: readonly Problem[];
}

/**
 * What a failure asks for:
 * - `now`: try again at once
 * - `atTime`: try again when the other side said
 * - `backoff`: try again later, growing
 * - `person`: somebody must change something outside (DNS, CAA, the CA's terms)
 * - `configuration`: the issuer or the certificate's spec must change
 * - `infrastructure`: our own fault; try again soon, and do not count it against the CA
 */
export type FailureClass = 'now' | 'atTime' | 'backoff' | 'person' | 'configuration' | 'infrastructure';

const CLASS: Readonly<Record<string, FailureClass>> = {
  badNonce: 'now',
  alreadyReplaced: 'now',
  orderNotReady: 'now',
  rateLimited: 'atTime',
  serverInternal: 'backoff',
  dns: 'backoff',
  connection: 'backoff',
  tls: 'backoff',
  incorrectResponse: 'backoff',
  caa: 'person',
  rejectedIdentifier: 'person',
  unauthorized: 'person',
  unsupportedIdentifier: 'person',
  userActionRequired: 'person',
  externalAccountRequired: 'configuration',
  invalidContact: 'configuration',
  unsupportedContact: 'configuration',
  invalidProfile: 'configuration',
  badCSR: 'configuration',
  badRevocationReason: 'configuration',
  badPublicKey: 'configuration',
  badSignatureAlgorithm: 'configuration',
  accountDoesNotExist: 'configuration',
  caUnreachable: 'backoff',
  caTimeout: 'backoff',
  caTlsUntrusted: 'configuration',
  caMalformed: 'configuration',
  caAddressRefused: 'configuration',
};

/**
 * The class of a CA's problem, from its type alone: RFC 8555 6.7, Boulder's additions, and our own `ca...` for a CA
 * that gave no usable answer. Unknown types back off.
 */
export const classOf = (problem: Problem): FailureClass => CLASS[problem.type] ?? 'backoff';

/** Seconds before attempt `failures + 1`: 60 s doubling to 8 h; a CA allows 5 failed validations an hour. */
export const backoffSeconds = (failures: number): number => Math.min(60 * 2 ** Math.max(0, failures - 1), 8 * 3600);

/** What a CA's look at a challenge ends in (RFC 8555 6.7). CAs count these, and stop looking after a few. */
const FAILED_VALIDATION = new Set(['dns', 'connection', 'tls', 'unauthorized', 'incorrectResponse', 'caa']);

/** Whether the CA looked, and did not find what it should. */
export const isFailedValidation = ({ type }: Problem): boolean =>
  FAILED_VALIDATION.has(type) || type === 'orderInvalid';

/**
 * Seconds at least before attempt `failures + 1` where the last one ended in a failed validation: 5 min doubling to 8 h, which is four attempts
 * in the first hour. A CA allows five failures an hour for a name.
 */
export const validationPause = ({ type }: Problem, failures: number): number =>
  FAILED_VALIDATION.has(type) ? Math.min(300 * 2 ** Math.max(0, failures - 1), 8 * 3600) : 0;

/** Spreads `seconds` by up to a fifth, from a number in [0, 1) that the caller supplies. */
export const withJitter = (seconds: number, random: number): number => Math.round(seconds * (0.9 + random * 0.2));

/** Seconds below which urgency does not press: a CA that does not answer, and one that counts failed validations (5 an hour). */
const LEAST_PAUSE = { ofTheCa: 300, other: 900 };

/** What stands is tried again for at least this often while it still has life. */
const TRIES_LEFT = 20;

/**
 * A pause as the certificate's remaining life lets it be: a twentieth of that at most, so that a cause that ends late is still noticed in time.
 * Once it is over, a twentieth of the time since then: what nobody mends must not be asked for every few minutes for ever.
 * @param left seconds that the standing certificate has, less than 0 when it is over; absent when none was issued
 */
export function urgentPause(seconds: number, left: number | undefined, ofTheCa: boolean): number {
  if (left === undefined) return seconds;
  const least = ofTheCa ? LEAST_PAUSE.ofTheCa : LEAST_PAUSE.other;
  return Math.min(seconds, Math.max(least, Math.abs(left) / TRIES_LEFT));
}

/** A failure with its class, and when to try again where that is known. */
export interface Failure {
  readonly class: FailureClass;
  readonly problem: Problem;
  readonly retryAt?: Instant;
}
