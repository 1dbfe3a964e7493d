import { SHARED } from '../domain/issuer.ts';
import { KEY_KINDS, type TeamPolicy } from '../domain/policy.ts';
import { teamDecider, teamStream } from '../domain/team.ts';
import type { Meta } from './ledger.ts';
import type { Services } from './services.ts';

/** Operators may do all with what is shared; a team's policy does not bind them. */
const OPERATORS: TeamPolicy = {
  names: ['**'],
  issuers: ['*'],
  destinations: ['**', 'directory:**'],
  keys: [...KEY_KINDS],
  isCA: true,
};

/** Makes the owner of what is shared, without whom there is no ClusterIssuer. Every installation does, before anybody can ask it for anything. */
export async function makeSharedOwner({ ledger }: Pick<Services, 'ledger'>, meta: Meta): Promise<void> {
  await ledger.handle(teamDecider, teamStream(SHARED), { type: 'Put', policy: OPERATORS }, meta);
}
