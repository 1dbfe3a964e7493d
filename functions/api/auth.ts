import type { Principal } from '../../lib/application/authorize.ts';
import type { Services } from '../../lib/application/services.ts';
import { authenticate } from '../../lib/application/tokens.ts';
import { Refusal } from '../../lib/domain/refusal.ts';
import { VERBS, type Verb } from '../../lib/domain/token.ts';
import type { IdentityProvider } from '../../lib/ports/identityProvider.ts';
import type { ApiRequest } from './request.ts';

/** An OIDC issuer whose tokens are taken, and which of their claims say what. */
export interface OidcOptions {
  readonly provider: IdentityProvider;
  /** A team or a list of them; `*` for every team. Default `chancery_team`. */
  readonly teamClaim?: string;
  /** Verbs as a list, or with blanks between them. Default `chancery_verbs`. */
  readonly verbsClaim?: string;
}

const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Who sent a request: the holder of a token of ours, or of a JWT of the configured issuer.
 * @throws Refusal `TokenMissing`, `TokenInvalid`, `TokenExpired`, `TokenRevoked`, `IdentityProviderUnreachable`
 */
export async function identify(
  services: Pick<Services, 'ledger' | 'clock'>,
  oidc: OidcOptions | undefined,
  { headers }: Pick<ApiRequest, 'headers'>,
): Promise<Principal> {
  const { authorization } = headers;
  const [, token] = /^bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
  if (!token) {
    throw new Refusal(
      'TokenMissing',
      authorization ? 'the Authorization header is no bearer token' : 'no token was sent',
      {
        remedy: 'send Authorization: Bearer with a token; an administrator issues them',
      },
    );
  }
  if (oidc && JWT.test(token)) return principalOf(await oidc.provider.verify(token), oidc);
  return authenticate(services, token);
}

function principalOf(claims: Readonly<Record<string, unknown>>, oidc: OidcOptions): Principal {
  const { teamClaim = 'chancery_team', verbsClaim = 'chancery_verbs' } = oidc;
  const teams = words(claims[teamClaim]);
  const verbs = words(claims[verbsClaim]).filter((word): word is Verb => VERBS.some((verb) => verb === word));
  return { actor: `oidc:${String(claims.sub ?? '')}`, teams: teams.includes('*') ? '*' : teams, verbs };
}

function words(claim: unknown): string[] {
  const list = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return list.filter((word): word is string => typeof word === 'string' && word !== '');
}
