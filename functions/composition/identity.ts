import { oidcIdentityProvider } from '../../lib/adapters/oidc/identityProvider.ts';
import type { OidcOptions } from '../api/auth.ts';
import { list, optional } from './environment.ts';
import { http } from './http.ts';

/** The OIDC issuer whose tokens are taken, where the operator configured one. */
export const oidc: OidcOptions | undefined = configured();

function configured(): OidcOptions | undefined {
  const issuer = optional('OIDC_ISSUER');
  if (!issuer) return undefined;
  const provider = oidcIdentityProvider({ http }, { issuer, audience: list('OIDC_AUDIENCE') });
  return { provider, teamClaim: optional('OIDC_TEAM_CLAIM'), verbsClaim: optional('OIDC_VERBS_CLAIM') };
}
