import { SHARED } from '../domain/issuer.ts';
import type { TeamPolicy } from '../domain/policy.ts';
import { Refusal } from '../domain/refusal.ts';
import { liveTeam, type TeamState, teamDecider, teamStream } from '../domain/team.ts';
import type { Meta } from './ledger.ts';
import { CERTIFICATES } from './projections.ts';
import type { Services } from './services.ts';

/** What manifests call the shared owner: cert-manager's own namespace, where its ClusterIssuers look for Secrets. */
export const SHARED_NAMESPACE = 'cert-manager';

/** No team's names: what manifests call the shared owner, and what it is called here. Its policy is the installation's own. */
const RESERVED: ReadonlySet<string> = new Set([SHARED_NAMESPACE, SHARED]);

/** @throws Refusal `TeamNotFound` for a name in an input, at `field` */
export async function requireTeam({ ledger }: Pick<Services, 'ledger'>, name: string, field: string): Promise<void> {
  const { state } = await ledger.load(teamDecider, teamStream(name));
  if (state.status === 'live') return;
  throw new Refusal('TeamNotFound', `there is no team ${name}`, {
    field,
    remedy: 'make it first, or correct the name',
  });
}

/** A team as answers show it. */
export const teamView = (name: string, { policyVersion, policy }: TeamState) => ({ name, policyVersion, policy });

/** The team and its version. @throws Refusal `TeamNotFound` */
export async function readTeam({ ledger }: Pick<Services, 'ledger'>, name: string) {
  const { state, version } = await ledger.load(teamDecider, teamStream(name));
  return { version, view: teamView(name, liveTeam(state, name)) };
}

/** Makes the team, or sets its policy. @throws Refusal `TeamNameReserved`; StaleVersion */
export async function putTeam(
  { ledger }: Pick<Services, 'ledger'>,
  name: string,
  policy: TeamPolicy,
  meta: Meta,
  expected?: number,
) {
  checkNotReserved(name);
  const { state, version, events } = await ledger.handle(
    teamDecider,
    teamStream(name),
    { type: 'Put', policy },
    meta,
    expected,
  );
  const created = events.some((event) => event.type === 'TeamCreated');
  return { version, created, view: teamView(name, state) };
}

/** Ends a team that has no certificates. @throws Refusal `TeamNotFound`, `TeamInUse`; StaleVersion */
export async function deleteTeam(
  { ledger, views }: Pick<Services, 'ledger' | 'views'>,
  name: string,
  meta: Meta,
  expected?: number,
): Promise<void> {
  checkNotReserved(name);
  liveTeam((await ledger.load(teamDecider, teamStream(name))).state, name);
  const certificates = await views.count(CERTIFICATES, { owner: name });
  await ledger.handle(teamDecider, teamStream(name), { type: 'Delete', certificates }, meta, expected);
}

function checkNotReserved(name: string): void {
  if (!RESERVED.has(name)) return;
  throw new Refusal('TeamNameReserved', `${name} is no name for a team: it means what is shared`, {
    remedy: 'choose another name',
  });
}
