import type { Identifier } from '../domain/identifier.ts';
import type { Failure } from '../domain/problem.ts';
import type { Instant } from '../domain/time.ts';
import type { KeySigner } from './keySigner.ts';

/** How to reach a CA. Sessions with equal values share connections, directory and nonces. */
export interface AcmeEndpoint {
  readonly server: string;
  readonly caBundle?: string;
  readonly skipTLSVerify?: boolean;
}

export interface AcmeAccount {
  readonly signer: KeySigner;
  /** Absent only for `register`. */
  readonly url: string;
}

/** Who may revoke a certificate (RFC 8555 7.6): the account that ordered it, or whoever has its private key. */
export type Revoker = AcmeAccount | { readonly certificateKey: KeySigner };

/** RFC 8555 7.1.2. `onlyReturnExisting` finds the account of a key. */
export interface AccountRequest {
  readonly contact: readonly string[];
  readonly termsOfServiceAgreed: boolean;
  readonly onlyReturnExisting?: boolean;
  readonly externalAccountBinding?: { readonly keyId: string /** raw HMAC key */; readonly key: Uint8Array };
}

export interface DirectoryMeta {
  readonly profiles: Readonly<Record<string, string>>;
  readonly caaIdentities: readonly string[];
  readonly externalAccountRequired: boolean;
  readonly termsOfService?: string;
  readonly renewalInfo?: string;
}

export interface OrderRequest {
  readonly identifiers: readonly Identifier[];
  readonly profile?: string;
  readonly replaces?: string;
  readonly notAfter?: Instant;
}

/** RFC 8555 7.1.3. */
export interface Order {
  readonly url: string;
  readonly status: 'pending' | 'ready' | 'processing' | 'valid' | 'invalid';
  readonly expires?: Instant;
  readonly identifiers: readonly Identifier[];
  readonly authorizations: readonly string[];
  readonly finalize: string;
  readonly certificate?: string;
  readonly profile?: string;
  readonly problem?: Failure;
  /** Seconds from Retry-After, whole and not negative, when the answer had one. */
  readonly retryAfter?: number;
}

export interface Challenge {
  readonly type: string;
  readonly url: string;
  readonly token?: string;
  readonly status: 'pending' | 'processing' | 'valid' | 'invalid';
  readonly problem?: Failure;
}

/** RFC 8555 7.1.4. */
export interface Authorization {
  readonly url: string;
  readonly status: 'pending' | 'valid' | 'invalid' | 'deactivated' | 'expired' | 'revoked';
  readonly identifier: Identifier;
  readonly wildcard: boolean;
  readonly expires?: Instant;
  readonly challenges: readonly Challenge[];
  readonly retryAfter?: number;
}

/**
 * A CA's refusal or its unreachability, typed. `failure.class` says what it asks for; `failure.retryAt` comes from Retry-After.
 * `accepted` tells whether the CA may have acted on the request: `no` when it was refused or never left, `unknown` when the answer was lost.
 */
export class AcmeError extends Error {
  override readonly name = 'AcmeError';
  readonly failure: Failure;
  readonly action: string;
  readonly accepted: 'no' | 'unknown';
  constructor(action: string, failure: Failure, accepted: 'no' | 'unknown' = 'no') {
    super(`${action}: ${failure.problem.type}: ${failure.problem.detail}`);
    this.action = action;
    this.failure = failure;
    this.accepted = accepted;
  }
}

/**
 * An ACME CA (RFC 8555). Contract: every method throws AcmeError for what the CA says or the network does, and nothing else for what is
 * expected; badNonce is retried inside; no call sleeps for a Retry-After (it is data); every request has a timeout.
 */
export interface AcmeServer {
  meta(endpoint: AcmeEndpoint): Promise<DirectoryMeta>;
  /** newAccount: registers, or finds the account that the key already has. */
  register(
    endpoint: AcmeEndpoint,
    signer: KeySigner,
    request: AccountRequest,
  ): Promise<{ url: string; status: string }>;
  newOrder(endpoint: AcmeEndpoint, account: AcmeAccount, request: OrderRequest): Promise<Order>;
  order(endpoint: AcmeEndpoint, account: AcmeAccount, url: string): Promise<Order>;
  authorization(endpoint: AcmeEndpoint, account: AcmeAccount, url: string): Promise<Authorization>;
  /** Tells the CA that the challenge is ready to be validated (RFC 8555 7.5.1). */
  answer(endpoint: AcmeEndpoint, account: AcmeAccount, challengeUrl: string): Promise<Challenge>;
  finalize(endpoint: AcmeEndpoint, account: AcmeAccount, order: Order, csr: Uint8Array): Promise<Order>;
  /** The chain as PEM, leaf first: the default one, or the alternate whose top issuer's common name is `preferredChain`. */
  download(endpoint: AcmeEndpoint, account: AcmeAccount, url: string, preferredChain?: string): Promise<string>;
  /** RFC 8555 8.1: `token.thumbprint`. */
  keyAuthorization(account: AcmeAccount, token: string): string;
  /** RFC 8555 8.4: the TXT value for a key authorization. */
  dns01Value(keyAuthorization: string): string;
  close(): Promise<void>;
}

/** ACME Renewal Information (RFC 9773 4.2). `retryAfter` in whole seconds, when the answer had one. */
export interface RenewalInfo {
  readonly start: Instant;
  readonly end: Instant;
  readonly explanationUrl?: string;
  readonly retryAfter?: number;
}

/** What is done to accounts and certificates after issuance. The contract is {@link AcmeServer}'s. */
export interface AcmeLifecycle {
  /** RFC 8555 7.3.5: from the account's key to the new one. */
  changeKey(endpoint: AcmeEndpoint, account: AcmeAccount, to: KeySigner): Promise<void>;
  /** RFC 8555 7.3.6. It cannot be undone. */
  deactivate(endpoint: AcmeEndpoint, account: AcmeAccount): Promise<void>;
  /** RFC 8555 7.6. `certificate` is DER, `reason` an RFC 5280 code. A certificate revoked before is no error. */
  revoke(endpoint: AcmeEndpoint, by: Revoker, certificate: Uint8Array, reason?: number): Promise<void>;
  /** RFC 9773 4.1: unauthenticated. Undefined when the CA offers no renewal information. */
  renewalInfo(endpoint: AcmeEndpoint, certId: string): Promise<RenewalInfo | undefined>;
}
