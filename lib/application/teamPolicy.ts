import { checkPolicy, type TeamPolicy } from '../domain/policy.ts';
import type { CertificateSpec } from '../domain/spec.ts';
import { liveTeam, teamDecider, teamStream } from '../domain/team.ts';
import type { Services } from './services.ts';

export interface PolicyOfTeam {
  readonly policyVersion: number;
  readonly policy: TeamPolicy;
}

/** The policy that a team's certificates are under. The shared owner is a team here, which the installation makes. @throws Refusal `TeamNotFound` */
export async function policyFor({ ledger }: Pick<Services, 'ledger'>, team: string): Promise<PolicyOfTeam> {
  return liveTeam((await ledger.load(teamDecider, teamStream(team))).state, team);
}

/** The policy may have changed since the request. @throws Refusal `TeamNotFound`, and as {@link checkPolicy} */
export async function recheckPolicy(
  services: Pick<Services, 'ledger'>,
  team: string,
  spec: CertificateSpec,
): Promise<void> {
  const { policy } = await policyFor(services, team);
  checkPolicy(policy, spec, { certificateCount: 0, isNew: false });
}
