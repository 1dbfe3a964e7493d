import type { Context } from './command.ts';
import { CliError, usageError } from './errors.ts';
import { issuerPath } from './resources.ts';
import { SHARED } from './team.ts';

export interface IssuerRef {
  readonly kind: 'Issuer' | 'ClusterIssuer';
  readonly name: string;
}

/**
 * The issuer that a user means: `Issuer/NAME`, `ClusterIssuer/NAME`, or a name alone, which is the team's own issuer, or else the shared one.
 * @throws CliError `usage`
 */
export async function issuerRefOf(context: Context, team: string, text: string): Promise<IssuerRef> {
  const [, kind, name] = /^(?:([A-Za-z]+)\/)?([^/]+)$/.exec(text) ?? [];
  if (name === undefined || (kind !== undefined && kind !== 'Issuer' && kind !== 'ClusterIssuer')) {
    throw usageError(`--issuer ${text}: not an issuer`, 'write NAME, Issuer/NAME or ClusterIssuer/NAME');
  }
  if (kind !== undefined) return { kind, name };
  const own = await exists(context, issuerPath(team, name));
  return { kind: !own && (await exists(context, issuerPath(SHARED, name))) ? 'ClusterIssuer' : 'Issuer', name };
}

/** What this token may not see does not exist for it; the service judges the request itself. */
async function exists({ client }: Context, path: string): Promise<boolean> {
  try {
    await client().get(path);
    return true;
  } catch (error) {
    if (error instanceof CliError && ['notFound', 'unauthorized'].includes(error.exit)) return false;
    throw error;
  }
}
