import { inLanes } from '../../async/lanes.ts';
import type { Presentation } from '../../domain/issuance.ts';
import { type IssuerEvent, issuerDecider, issuerStream } from '../../domain/issuer.ts';
import { Refusal } from '../../domain/refusal.ts';
import { checkServiceRole, usesServiceRole } from '../../domain/serviceRole.ts';
import { type ChallengeType, selectSolver, solverRefusal } from '../../domain/solver.ts';
import type { Solver } from '../../domain/spec.ts';
import type { AcmeAccount, Authorization } from '../../ports/acmeServer.ts';
import type { Dns01Target, TxtValue } from '../../ports/dnsProvider.ts';
import { openCredential } from '../credentials.ts';
import type { Services } from '../services.ts';
import { policyFor } from '../teamPolicy.ts';
import { upcast } from '../upcast.ts';

type Needs = Pick<Services, 'ledger' | 'vault' | 'store' | 'acme' | 'dns' | 'challengeTokens' | 'holders'>;

/** Whose issuer the presentations belong to. */
export interface IssuerAt {
  readonly owner: string;
  readonly name: string;
  readonly generation: number;
  readonly solvers: readonly Solver[];
}

/**
 * Chooses the challenge of each pending authorization by the issuer's selectors and computes what is to be shown. dns-01 names follow a CNAME
 * when the solver says so.
 */
export async function plan(
  services: Needs,
  issuer: IssuerAt,
  account: AcmeAccount,
  authorizations: readonly Authorization[],
): Promise<Presentation[]> {
  const choices = authorizations.map((authorization) => choose(issuer.solvers, authorization));
  await checkAccess(services, issuer.owner, new Set(choices.map(({ solver }) => solver)));
  return inLanes(choices, async ({ authorization, solver, kind, url, token }) => {
    const keyAuthorization = services.acme.keyAuthorization(account, token);
    const common = {
      authorization: authorization.url,
      challenge: kind,
      challengeUrl: url,
      solver: issuer.solvers.indexOf(solver),
      issuerGeneration: issuer.generation,
    } as const;
    if (kind === 'http-01') return { ...common, target: token, value: keyAuthorization };
    const to = await dnsTarget(services, issuer.owner, solver);
    const target = await services.dns.target(to, `_acme-challenge.${authorization.identifier.value}`);
    return { ...common, target, value: services.acme.dns01Value(keyAuthorization) };
  });
}

/** A challenge that will be met, and by which solver. */
interface Choice {
  readonly authorization: Authorization;
  readonly solver: Solver;
  readonly kind: ChallengeType;
  readonly url: string;
  readonly token: string;
}

/** @throws Refusal `NoSolverMatches`, `WildcardNeedsDns01`, `ChallengeNotOffered` */
function choose(solvers: readonly Solver[], authorization: Authorization): Choice {
  const { identifier, wildcard, challenges } = authorization;
  const types = challenges.map((challenge) => challenge.type);
  const chosen = selectSolver(solvers, identifier, wildcard, types);
  const { url, token } = challenges.find((challenge) => challenge.type === chosen?.type) ?? {};
  if (chosen && url && token) return { authorization, solver: chosen.solver, kind: chosen.type, url, token };
  const offer = `the CA offers ${types.join(', ')} for ${identifier.value}; no solver serves them`;
  throw solverRefusal(solvers, identifier, wildcard) ?? new Refusal('ChallengeNotOffered', offer);
}

/** The owner's policy may have changed since the issuer was configured. @throws Refusal `ServiceRoleNotAllowed` */
async function checkAccess(services: Needs, owner: string, solvers: Iterable<Solver>): Promise<void> {
  const asking = [...solvers].filter((solver) => usesServiceRole(owner, solver));
  if (asking.length === 0) return;
  const { policy } = await policyFor(services, owner);
  for (const solver of asking) checkServiceRole(owner, policy, solver);
}

/** Shows all of them: one DNS change a solver and zone, one row a token. Said to be held first, so that no other order removes them. */
export async function present(
  services: Needs,
  issuer: IssuerAt,
  holder: string,
  all: readonly Presentation[],
): Promise<void> {
  const used = new Set(all.map(({ solver }) => issuer.solvers[solver]).filter((solver) => solver !== undefined));
  await checkAccess(services, issuer.owner, used);
  await Promise.all(all.map((p) => services.holders.hold(holdKey(p), holder)));
  await Promise.all(all.filter(isHttp).map((p) => services.challengeTokens.put(p.target, p.value)));
  for (const [to, values] of await byDnsTarget(services, issuer, all)) await services.dns.present(to, values);
}

/** The dns-01 values that some authoritative name server does not show yet. */
export async function unpublished(
  services: Needs,
  issuer: IssuerAt,
  all: readonly Presentation[],
): Promise<TxtValue[]> {
  const groups = await byDnsTarget(services, issuer, all);
  const missing = await inLanes(groups, ([to, values]) => services.dns.missing(to, values));
  return missing.flat();
}

/** Removes what nobody else holds. What another order put or still needs stays. */
export async function withdraw(
  services: Needs,
  issuer: IssuerAt,
  holder: string,
  all: readonly Presentation[],
): Promise<void> {
  const released = await Promise.all(all.map((p) => services.holders.release(holdKey(p), holder)));
  const unheld = all.filter((_, index) => released[index]);
  await Promise.all(unheld.filter(isHttp).map((p) => services.challengeTokens.remove(p.target)));
  for (const [to, values] of await byDnsTarget(services, issuer, unheld)) await services.dns.cleanUp(to, values);
}

const isHttp = (presentation: Presentation): boolean => presentation.challenge === 'http-01';

const holdKey = (presentation: Presentation): string => `${presentation.target} ${presentation.value}`;

async function byDnsTarget(
  services: Needs,
  issuer: IssuerAt,
  all: readonly Presentation[],
): Promise<[Dns01Target, TxtValue[]][]> {
  const groups = new Map<number, TxtValue[]>();
  for (const { challenge, solver, target, value } of all) {
    if (challenge !== 'dns-01') continue;
    const values = groups.get(solver) ?? [];
    if (!values.some((known) => known.fqdn === target && known.value === value)) values.push({ fqdn: target, value });
    groups.set(solver, values);
  }
  return Promise.all(
    [...groups].map(async ([index, values]): Promise<[Dns01Target, TxtValue[]]> => {
      const solver = issuer.solvers[index];
      if (!solver) throw new Refusal('SolverGone', 'the solver that presented a challenge is no longer in the issuer');
      return [await dnsTarget(services, issuer.owner, solver), values];
    }),
  );
}

/** A dns01 solver with its credentials opened, within the owner's scope. */
async function dnsTarget(services: Needs, owner: string, solver: Solver): Promise<Dns01Target> {
  const spec = solver.dns01!;
  const secrets: Record<string, string> = {};
  const { tsigSecretSecretRef } = spec.rfc2136 ?? {};
  if (tsigSecretSecretRef) secrets.tsigSecretSecretRef = await openCredential(services, owner, tsigSecretSecretRef);
  const { tokenSecretRef } = spec.webhook ?? {};
  if (tokenSecretRef) secrets.tokenSecretRef = await openCredential(services, owner, tokenSecretRef);
  return { owner, spec, secrets };
}

/**
 * The issuer's solvers as they were when the values were presented: the ledger keeps every generation. `current`: the issuer still has them.
 */
export async function issuerAt(
  services: Needs,
  owner: string,
  name: string,
  generation: number,
): Promise<IssuerAt & { readonly current: boolean }> {
  const stream = issuerStream(owner, name);
  const { state } = await services.ledger.load(issuerDecider, stream);
  if (state.generation === generation && state.spec.acme) {
    return { owner, name, generation, solvers: state.spec.acme.solvers, current: true };
  }
  const commits = await services.store.commits(stream);
  const configured = commits
    .flatMap((commit) => commit.events.map(upcast) as IssuerEvent[])
    .find((event) => event.type === 'IssuerConfigured' && event.generation === generation);
  const spec = configured?.type === 'IssuerConfigured' ? configured.spec.acme : undefined;
  return { owner, name, generation, solvers: spec?.solvers ?? [], current: false };
}
