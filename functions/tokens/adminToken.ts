import { makeSharedOwner } from '../../lib/application/sharedOwner.ts';
import { issueToken } from '../../lib/application/tokens.ts';
import { plusSeconds } from '../../lib/domain/time.ts';

/** Seconds: long enough to make the tokens that people and programs are to have. */
const LIFETIME = 24 * 3600;

type Needs = Parameters<typeof issueToken>[0];

/**
 * An administrator's token for whoever may call the function: AWS's own permissions say who. Every one is on the ledger, and can be revoked.
 * Its first call belongs to every installation, and makes the owner of what is shared.
 */
export const adminToken = (services: Needs) => async (): Promise<{ token: string; expires: string }> => {
  const meta = { actor: 'adminToken' };
  await makeSharedOwner(services, meta);
  const expires = plusSeconds(services.clock.now(), LIFETIME);
  const request = { team: '*', verbs: ['admin'] as const, expires, description: 'made by the function adminToken' };
  const { token } = await issueToken(services, request, meta);
  return { token, expires };
};
