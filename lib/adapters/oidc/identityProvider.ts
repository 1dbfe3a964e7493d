import { JwtVerifier } from 'aws-jwt-verify';
import { JwksValidationError, JwtBaseError, JwtExpiredError } from 'aws-jwt-verify/error';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import { Refusal } from '../../domain/refusal.ts';
import type { IdentityProvider } from '../../ports/identityProvider.ts';
import { type HttpClient, NetError } from '../net/http.ts';

/** An OIDC issuer (OpenID Connect Core 1.0) as an operator configures it. */
export interface OidcIssuer {
  /** The `iss` of its tokens; https. */
  readonly issuer: string;
  /** The `aud` that its tokens for this service have. */
  readonly audience: string | readonly string[];
  /** Where its keys are (RFC 7517); `/.well-known/jwks.json` under the issuer by default. */
  readonly jwksUri?: string;
  /** PEM of the CA of its TLS; the system's by default. */
  readonly ca?: string;
}

/** Milliseconds and octets for fetching keys. */
const TIMEOUT = 5_000;
const LARGEST = 256 * 1024;

/** Checks an issuer's JWTs with aws-jwt-verify. Keys are fetched when a token names one that is not known, and kept. */
export function oidcIdentityProvider({ http }: { readonly http: HttpClient }, oidc: OidcIssuer): IdentityProvider {
  const { issuer, audience, jwksUri } = oidc;
  const fetcher = { fetch: (url: string) => fetchKeys(http, url, oidc.ca) };
  const verifier = JwtVerifier.create(
    { issuer, audience: [...(typeof audience === 'string' ? [audience] : audience)], ...(jwksUri && { jwksUri }) },
    { jwksCache: new SimpleJwksCache({ fetcher }) },
  );
  return {
    async verify(jwt) {
      const claims = await verifier.verify(jwt).catch((error: unknown) => {
        throw refusalOf(error);
      });
      // The verifier lets a token without an end live for ever, and one without a subject act as nobody.
      if (typeof claims.exp === 'number' && typeof claims.sub === 'string') return claims;
      throw new Refusal('TokenInvalid', 'the token has no exp or no sub');
    },
  };
}

async function fetchKeys(http: HttpClient, url: string, ca: string | undefined): Promise<ArrayBuffer> {
  const request = { method: 'GET', url, timeout: TIMEOUT, maxBytes: LARGEST, ...(ca && { ca }) } as const;
  const { status, body } = await http.request(request);
  if (status !== 200) throw new NetError('BadAnswer', `the issuer's keys were answered with ${status}`, true);
  return new Uint8Array(body).buffer;
}

/** The verifier's words may quote claims; only what kind of error it is is told. */
function refusalOf(error: unknown): unknown {
  if (error instanceof JwtExpiredError) return new Refusal('TokenExpired', 'the token expired');
  if (error instanceof NetError || error instanceof JwksValidationError) {
    return new Refusal('IdentityProviderUnreachable', "the issuer's keys cannot be had", { remedy: 'try again later' });
  }
  if (error instanceof JwtBaseError) {
    return new Refusal('TokenInvalid', `the token is not taken: ${error.constructor.name.replace(/Error$/, '')}`);
  }
  return error;
}
