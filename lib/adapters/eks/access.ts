import { Refusal } from '../../domain/refusal.ts';
import type { ClusterAccess, EksIdentity } from '../../ports/clusters.ts';
import { eksToken, type SigningCredentials } from './token.ts';

/** Milliseconds that a token is used: the cluster takes it for 15 minutes, and a request is under way for a while. */
const USED = 10 * 60_000;

export interface EksAccessOptions {
  /** Credentials of the role, or the service's own. */
  readonly credentials: (roleArn: string | undefined) => Promise<SigningCredentials>;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Gives access to clusters that know the service by its role: where an access names a cluster of EKS, a token is made for it. Any other is left as
 * it is. The answer throws Refusal `EksIdentityRefused` when there are no credentials, such as of a role that the service may not assume.
 */
export function eksAccess({ credentials, now = Date.now }: EksAccessOptions) {
  const tokens = new Map<string, { readonly token: string; readonly until: number }>();
  const tokenFor = async (eks: EksIdentity): Promise<string> => {
    const key = JSON.stringify([eks.name, eks.region, eks.roleArn]);
    const kept = tokens.get(key);
    if (kept && kept.until > now()) return kept.token;
    const made = eksToken(await credentials(eks.roleArn).catch(refuse(eks)), eks, now());
    tokens.set(key, { token: made, until: now() + USED });
    return made;
  };
  return async (access: ClusterAccess): Promise<ClusterAccess> =>
    access.eks ? { ...access, token: await tokenFor(access.eks) } : access;
}

const refuse = (eks: EksIdentity) => (error: unknown) => {
  const what = eks.roleArn ? `the role ${eks.roleArn} cannot be assumed` : 'the service has no credentials of AWS';
  throw new Refusal('EksIdentityRefused', `${what} (${(error as Error).name})`, {
    remedy: 'let its trust policy allow the service under the external id shared, and let the operator allow the role',
  });
};
