import { SHARED } from './issuer.ts';
import type { TeamPolicy } from './policy.ts';
import { Refusal } from './refusal.ts';
import type { IssuerSpec, Solver } from './spec.ts';

/** Whether it needs the policy's leave that a solver works with the service's own role. */
export const usesServiceRole = (owner: string, { dns01 }: Solver): boolean =>
  owner !== SHARED && dns01?.route53 !== undefined && !dns01.route53.role;

/**
 * Whether a solver may work with what it names. The service's own role reaches zones of many teams, so that shared issuers alone use it freely;
 * a team's own issuer names a role, which is assumed for that team, or a zone that the team's policy gives to it.
 * @param owner whose issuer it is: a team, or the shared owner, who may do anything
 * @param field where the solver stands in the input
 * @throws Refusal `ServiceRoleNotAllowed`
 */
export function checkServiceRole(owner: string, policy: TeamPolicy, solver: Solver, field?: string): void {
  if (!usesServiceRole(owner, solver)) return;
  const { route53Zones = [] } = policy;
  const hostedZoneID = solver.dns01?.route53?.hostedZoneID;
  if (hostedZoneID && route53Zones.includes(hostedZoneID)) return;
  const what = hostedZoneID ? `zone ${hostedZoneID} is not one of the team's` : "it names no zone of the team's";
  const zones = route53Zones.length > 0 ? ` one of ${route53Zones.join(', ')} as hostedZoneID,` : '';
  throw new Refusal('ServiceRoleNotAllowed', `the service's role in Route 53 is not for a team's own issuer: ${what}`, {
    ...(field !== undefined && { field: `${field}.dns01.route53` }),
    remedy: `name a role of the team's as role,${zones} or use a ClusterIssuer; an administrator sets route53Zones in the team's policy`,
  });
}

/** The same for all solvers of an issuer's spec, as it stands in an input at `at`. @throws Refusal `ServiceRoleNotAllowed` */
export function checkServiceRoles(owner: string, policy: TeamPolicy, { acme }: IssuerSpec, at = 'spec'): void {
  acme?.solvers.forEach((solver, index) => {
    checkServiceRole(owner, policy, solver, `${at}.acme.solvers[${index}]`);
  });
}
