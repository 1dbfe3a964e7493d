import { createHash } from 'node:crypto';
import { identifiersOf } from '../../domain/identifier.ts';
import { orderClaimDecider, orderClaimStream } from '../../domain/orderClaim.ts';
import { checkPolicy } from '../../domain/policy.ts';
import type { AcmeIssuerSpec } from '../../domain/spec.ts';
import { liveTeam, teamDecider, teamStream } from '../../domain/team.ts';
import type { Order } from '../../ports/acmeServer.ts';
import { done, type Outcome } from '../outcome.ts';
import type { Services } from '../services.ts';
import { acmeAccount, endpointOf } from './account.ts';
import { type IssueInput, type Run, requireIssuer, step, waitOrDefer } from './run.ts';

type Needs = Pick<Services, 'ledger' | 'vault' | 'acme' | 'x509' | 'clock'>;

/** Step Order: an order at the CA for the certificate's identifiers (RFC 8555 7.4). An issuer with nothing to prove needs none. */
export function order(services: Needs, input: IssueInput): Promise<Outcome> {
  return step(services, 'Order', input, async (run) => {
    const issuer = requireIssuer(run);
    await recheckPolicy(services, run);
    if (!issuer.spec.acme) return done;
    await dropExpired(services, run);
    if (run.issuance.order) return done;
    return placeOrder(services, run, issuer.spec.acme, input);
  });
}

/** The team's policy may have changed since the request. */
async function recheckPolicy({ ledger }: Needs, run: Run): Promise<void> {
  const team = liveTeam((await ledger.load(teamDecider, teamStream(run.team))).state, run.team);
  checkPolicy(team.policy, run.certificate.spec, { certificateCount: 0, isNew: false });
}

async function dropExpired({ clock }: Needs, run: Run): Promise<void> {
  const { order: placed } = run.issuance;
  if (!placed?.expires || placed.expires > clock.now()) return;
  await run.record({ type: 'AbandonOrder', run: run.number, url: placed.url, reason: 'Expired' });
}

async function placeOrder(services: Needs, run: Run, spec: AcmeIssuerSpec, input: IssueInput): Promise<Outcome> {
  const account = await acmeAccount(services, run.owner, run.issuance.issuer.name, spec);
  await run.record({ type: 'IntendOrder', run: run.number });
  const placed = await services.acme.newOrder(endpointOf(spec), account, {
    identifiers: identifiersOf(run.certificate.spec),
    profile: spec.profile,
    replaces: run.issuance.replaces,
  });
  if (!(await claim(services, run, placed)))
    return waitOrDefer(services, run, input.order, 'OrderSharedWithAnotherIssuance');
  const { url, finalize: finalizeUrl, authorizations, expires } = placed;
  await run.record({ type: 'RecordOrder', run: run.number, order: { url, finalizeUrl, authorizations, expires } });
  if (placed.status === 'ready') await run.record({ type: 'RecordAuthorized', run: run.number });
  return done;
}

/** Whether this issuance is the one that uses the order's URL. */
async function claim({ ledger }: Needs, run: Run, placed: Order): Promise<boolean> {
  const stream = orderClaimStream(createHash('sha256').update(placed.url).digest('hex'));
  const command = { type: 'Claim', issuance: run.stream } as const;
  const { state } = await ledger.handle(orderClaimDecider, stream, command, {
    actor: 'step:Order',
    correlationId: run.stream,
  });
  return state.issuance === run.stream;
}
