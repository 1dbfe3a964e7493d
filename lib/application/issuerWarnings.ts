import { caLimits, teamShare } from '../domain/caLimits.ts';
import { type IssuerState, issuerDecider, issuerOwner, issuerStream, SHARED } from '../domain/issuer.ts';
import { SHARED_KINDS } from '../domain/rateLimits.ts';
import type { AcmeIssuerSpec, IssuerRef, IssuerSpec } from '../domain/spec.ts';
import type { Warning } from './schema/answers.ts';
import type { Services } from './services.ts';

type Needs = Pick<Services, 'ledger'>;

/**
 * What is accepted of an issuer and may surprise, on the day when it is needed.
 * @param batch specs by stream that are applied together with it
 */
export async function issuerWarnings(
  services: Needs,
  owner: string,
  { acme, failover }: IssuerSpec,
  batch?: ReadonlyMap<string, IssuerSpec>,
): Promise<Warning[]> {
  const standIns = await Promise.all(
    (failover?.to ?? []).map(async (ref, index) => {
      const message = await whyNoStandIn(services, owner, ref, batch);
      return message ? [{ code: 'StandInNotFound', field: `spec.failover.to[${index}]`, message }] : [];
    }),
  );
  return [...standIns.flat(), ...(acme ? ofShares(acme) : [])];
}

async function whyNoStandIn(
  { ledger }: Needs,
  owner: string,
  { kind, name }: IssuerRef,
  batch?: ReadonlyMap<string, IssuerSpec>,
): Promise<string | undefined> {
  const isThere = async (at: string): Promise<boolean> => {
    if (batch?.has(issuerStream(at, name))) return true;
    const { state }: { state: IssuerState } = await ledger.load(issuerDecider, issuerStream(at, name));
    return state.status === 'configured';
  };
  if (owner !== SHARED || kind === 'ClusterIssuer') {
    const found = await isThere(issuerOwner({ kind, name }, owner));
    return found ? undefined : `there is no ${kind} ${name}: it does not stand in until there is one`;
  }
  // Behind a shared issuer this is each team's own one; which teams will have it, nobody knows.
  if (!(await isThere(SHARED))) return undefined;
  return `kind Issuer is the team's own ${name}, where it has one: write kind: ClusterIssuer for the shared one`;
}

/** Shares of a limit that nobody knows have no effect; those that are more than the whole together are no promise. */
function ofShares(acme: AcmeIssuerSpec): Warning[] {
  const { limits } = caLimits(acme);
  const shares = Object.entries(acme.rateLimits?.teamShares ?? {});
  return SHARED_KINDS.flatMap((kind): Warning[] => {
    const having = shares.filter(([, share]) => share[kind] !== undefined).map(([team]) => team);
    if (having.length === 0) return [];
    const whole = limits[kind];
    const field = 'spec.acme.rateLimits.teamShares';
    if (!whole) {
      const message = `${kind} of this CA is not limited as far as is known, and so the shares of ${having.join(', ')} have no effect: give it count and period`;
      return [{ code: 'ShareWithoutLimit', field, message }];
    }
    const sum = having.reduce((all, team) => all + teamShare(acme, kind, team, whole)!.count, 0);
    if (sum <= whole.count) return [];
    const message = `the shares of ${kind} are ${sum} together, of ${whole.count}: who comes first has its own`;
    return [{ code: 'SharesOverWhole', field, message }];
  });
}
