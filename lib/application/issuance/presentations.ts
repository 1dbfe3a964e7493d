import type { Presentation } from '../../domain/issuance.ts';
import { type IssuerEvent, issuerDecider, issuerStream } from '../../domain/issuer.ts';
import { Refusal } from '../../domain/refusal.ts';
import { selectSolver, solverRefusal } from '../../domain/solver.ts';
import type { Solver } from '../../domain/spec.ts';
import type { AcmeAccount, Authorization } from '../../ports/acmeServer.ts';
import type { Dns01Target, TxtValue } from '../../ports/dnsProvider.ts';
import { openCredential } from '../credentials.ts';
import { inLanes } from '../lanes.ts';
import type { Services } from '../services.ts';
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
  return inLanes(authorizations, async (authorization) => {
    const { identifier, wildcard } = authorization;
    const types = authorization.challenges.map((challenge) => challenge.type);
    const chosen = selectSolver(issuer.solvers, identifier, wildcard, types);
    const offered = authorization.challenges.find((challenge) => challenge.type === chosen?.type);
    if (!chosen || !offered?.token) {
      const refusal = solverRefusal(issuer.solvers, identifier, wildcard);
      throw (
        refusal ??
        new Refusal(
          'ChallengeNotOffered',
          `the CA offers ${types.join(', ')} for ${identifier.value}; no solver serves them`,
        )
      );
    }
    const index = issuer.solvers.indexOf(chosen.solver);
    const kind = chosen.type;
    const keyAuthorization = services.acme.keyAuthorization(account, offered.token);
    const common = {
      authorization: authorization.url,
      challenge: kind,
      challengeUrl: offered.url,
      solver: index,
      issuerGeneration: issuer.generation,
    } as const;
    if (kind === 'http-01') return { ...common, target: offered.token, value: keyAuthorization };
    const to = await dnsTarget(services, issuer.owner, chosen.solver);
    const target = await services.dns.target(to, `_acme-challenge.${identifier.value}`);
    return { ...common, target, value: services.acme.dns01Value(keyAuthorization) };
  });
}

/** Shows all of them: one DNS change a solver and zone, one row a token. Said to be held first, so that no other order removes them. */
export async function present(
  services: Needs,
  issuer: IssuerAt,
  holder: string,
  all: readonly Presentation[],
): Promise<void> {
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
  return { spec, secrets };
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
