/**
 * An OIDC issuer whose JWTs are taken as tokens. Contract: `verify` checks signature, issuer, audience and times, and answers the claims.
 * It throws Refusal `TokenInvalid` or `TokenExpired` for a token that is not to be taken, and `IdentityProviderUnreachable` when the issuer's
 * keys cannot be had.
 */
export interface IdentityProvider {
  verify(jwt: string): Promise<Readonly<Record<string, unknown>>>;
}
