import { certificateDecider } from '../../domain/certificate.decide.ts';
import { type IssuerState, issuerDecider, READY_CHECK, UNREADY_CHECK } from '../../domain/issuer.ts';
import { isOwnFault, Refusal } from '../../domain/refusal.ts';
import { checkServiceRoles, usesServiceRole } from '../../domain/serviceRole.ts';
import type { IssuerSpec } from '../../domain/spec.ts';
import { type Instant, secondsBetween } from '../../domain/time.ts';
import { AcmeError } from '../../ports/acmeServer.ts';
import { acmeAccount, endpointOf } from '../issuance/account.ts';
import { signingCa } from '../issuers/ca.ts';
import { checkPause } from '../limits/buckets.ts';
import { learnLimit } from '../limits/learn.ts';
import { ISSUERS } from '../projections.ts';
import type { Services } from '../services.ts';
import { policyFor } from '../teamPolicy.ts';

type Needs = Pick<
  Services,
  'ledger' | 'vault' | 'views' | 'acme' | 'x509' | 'accountKeys' | 'limits' | 'clock' | 'ids' | 'log'
>;

/**
 * Checks an issuer when its check is due and records what changed: its directory and account, its CA certificate.
 * @returns seconds until the next check: what is unchanged is no event, so the ledger cannot say
 */
export async function pursueIssuer(services: Needs, stream: string): Promise<number | undefined> {
  const { ledger, clock } = services;
  const { state } = await ledger.load(issuerDecider, stream);
  if (state.status !== 'configured' || !isCheckDue(state, clock.now())) return undefined;
  const checked = await check(services, stream, state);
  if (checked.ready !== 'ready') return nextCheck(checked.since, clock.now(), UNREADY_CHECK, LONGEST_UNREADY);
  if (!checked.diverted) return READY_CHECK;
  const meta = { actor: 'issuer-check', correlationId: stream };
  const { state: now } = await ledger.handle(issuerDecider, stream, { type: 'Restore' }, meta);
  return now.diverted ? Math.max(1, secondsBetween(clock.now(), now.diverted.backAt)) : READY_CHECK;
}

/** Whether a check's time has come, or was set by a clock that was ahead: what was seen then is later than now. */
export const isCheckDue = (
  { dueAt, since }: { readonly dueAt?: Instant; readonly since?: Instant },
  now: Instant,
): boolean => dueAt !== undefined && (dueAt <= now || (since !== undefined && since > now));

/** Seconds between checks of an issuer that stays unready. */
const LONGEST_UNREADY = 3600;

/** What has not been well for long is not well a moment later: as long again as it lasts, within the bounds (seconds). */
export function nextCheck(since: Instant | undefined, now: Instant, least: number, most: number): number {
  const lasted = since === undefined ? 0 : secondsBetween(since, now);
  return Math.min(Math.max(lasted, least), most);
}

/** A CA certificate was issued: the issuers that sign with it are checked at once. */
export async function recheckCaIssuers(services: Needs, certificate: string): Promise<void> {
  const { state } = await services.ledger.load(certificateDecider, certificate);
  if (state.status !== 'live' || !state.spec.isCA) return;
  const owner = certificate.split('/')[1]!;
  const rows = await services.views.list(ISSUERS, { owner, limit: 1000 });
  for (const { key, doc } of rows) {
    if ((doc.spec as IssuerSpec).ca?.secretName !== state.spec.secretName) continue;
    await recheckIssuer(services, `issuer/${key}`);
  }
}

/** Checks an issuer, whenever its check is due. */
export async function recheckIssuer(services: Needs, stream: string): Promise<void> {
  const { state } = await services.ledger.load(issuerDecider, stream);
  if (state.status === 'configured') await check(services, stream, state);
}

async function check(services: Needs, stream: string, state: IssuerState): Promise<IssuerState> {
  const [, owner, name] = stream.split('/') as [string, string, string];
  const { generation } = state;
  const unready = await whyUnready(services, owner, name, state);
  const command = unready
    ? ({ type: 'RecordReadiness', generation, ready: false, ...unready } as const)
    : ({ type: 'RecordReadiness', generation, ready: true } as const);
  const meta = { actor: 'issuer-check', correlationId: stream };
  return (await services.ledger.handle(issuerDecider, stream, command, meta)).state;
}

async function whyUnready(
  services: Needs,
  owner: string,
  name: string,
  { spec }: IssuerState,
): Promise<{ reason: string; message: string } | undefined> {
  try {
    if (spec.acme) await checkAcme(services, owner, name, spec.acme).catch(learning(services, owner, name, spec.acme));
    if (spec.ca) await signingCa(services, owner, spec.ca.secretName);
    return undefined;
  } catch (error) {
    if (error instanceof AcmeError) {
      const { type, detail } = error.failure.problem;
      return { reason: type, message: detail };
    }
    if (isOwnFault(error)) throw error;
    if (error instanceof Refusal) return { reason: error.code, message: error.message };
    services.log.error('issuer check failed', { issuer: `${owner}/${name}`, error: (error as Error).name });
    return { reason: 'CheckFailed', message: (error as Error).message.slice(0, 300) };
  }
}

/** What the CA says about its limits holds for others too. */
const learning =
  (services: Needs, owner: string, name: string, spec: NonNullable<IssuerState['spec']['acme']>) =>
  async (error: unknown): Promise<never> => {
    if (error instanceof AcmeError) await learnLimit(services, { spec, issuer: `${owner}/${name}` }, error);
    throw error;
  };

async function checkAcme(
  services: Needs,
  owner: string,
  name: string,
  spec: NonNullable<IssuerState['spec']['acme']>,
): Promise<void> {
  await checkPause(services, spec);
  const { profiles } = await services.acme.meta(endpointOf(spec));
  const offered = Object.keys(profiles);
  if (spec.profile && !offered.includes(spec.profile)) {
    throw new Refusal(
      'ProfileNotOffered',
      `the CA does not offer profile ${spec.profile}; it offers: ${offered.join(', ') || 'none'}`,
    );
  }
  if (spec.solvers.some((solver) => usesServiceRole(owner, solver))) {
    checkServiceRoles(owner, (await policyFor(services, owner)).policy, { acme: spec });
  }
  await acmeAccount(services, owner, name, spec);
}
