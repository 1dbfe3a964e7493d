import { createHash } from 'node:crypto';
import { isUnissued } from '../../domain/issuance.ts';
import { orderClaimDecider, orderClaimStream } from '../../domain/orderClaim.ts';
import type { AcmeIssuerSpec } from '../../domain/spec.ts';
import { type AcmeAccount, AcmeError, type Order } from '../../ports/acmeServer.ts';
import { reserveOrder, spendOrder } from '../limits/reserve.ts';
import { done, type Outcome } from '../outcome.ts';
import type { Services } from '../services.ts';
import { recheckPolicy } from '../teamPolicy.ts';
import { acmeAccount, endpointOf } from './account.ts';
import { orderReplacing } from './orderReplacing.ts';
import { currentIssuance, type IssueInput, type Run, requireIssuer, step, waitOrDefer } from './run.ts';

type Needs = Pick<Services, 'ledger' | 'vault' | 'acme' | 'x509' | 'accountKeys' | 'limits' | 'clock' | 'ids'>;

/** Step Order: an order at the CA for the certificate's identifiers (RFC 8555 7.4). An issuer with nothing to prove needs none. */
export function order(services: Needs, input: IssueInput): Promise<Outcome> {
  return step(services, 'Order', input, async (run) => {
    const issuer = requireIssuer(run);
    await recheckPolicy(services, run.team, run.certificate.spec);
    const { acme } = issuer.spec;
    if (!acme) return done;
    const account = await acmeAccount(services, run.owner, run.issuance.issuer.name, acme);
    await dropUnusable(services, run, acme, account);
    if (run.issuance.order) {
      await spendOrder(services, run, acme);
      return done;
    }
    return placeOrder(services, run, acme, account, input);
  });
}

/** An order of an earlier run may have expired, or the CA may know it no longer, or the issuer may be at another CA now. */
async function dropUnusable(services: Needs, run: Run, spec: AcmeIssuerSpec, account: AcmeAccount): Promise<void> {
  const { order: placed, orderIntended } = run.issuance;
  if (!placed || orderIntended === run.number) return;
  const expired = placed.expires !== undefined && placed.expires <= services.clock.now();
  const reason = expired ? 'Expired' : (await isGone(services, spec, account, placed.url)) ? 'Gone' : undefined;
  if (reason) await run.record({ type: 'AbandonOrder', run: run.number, url: placed.url, reason });
}

/** Whether the CA refuses to speak of the order. That it does not answer, or asks for patience, says nothing. */
async function isGone({ acme }: Needs, spec: AcmeIssuerSpec, account: AcmeAccount, url: string): Promise<boolean> {
  try {
    await acme.order(endpointOf(spec), account, url);
    return false;
  } catch (error) {
    if (!(error instanceof AcmeError) || error.accepted !== 'no') throw error;
    const { type, status = 0 } = error.failure.problem;
    if (status < 400 || status >= 500 || type === 'rateLimited' || type === 'badNonce') throw error;
    return true;
  }
}

async function placeOrder(
  services: Needs,
  run: Run,
  spec: AcmeIssuerSpec,
  account: AcmeAccount,
  input: IssueInput,
): Promise<Outcome> {
  const reserved = await reserveOrder(services, run, spec, account);
  await run.record(...reserved, { type: 'IntendOrder', run: run.number });
  const placed = await newOrder(services, run, spec, account);
  const [claimed] = await Promise.all([claim(services, run, placed), spendOrder(services, run, spec)]);
  if (!claimed) return waitOrDefer(services, run, input.order, 'OrderSharedWithAnotherIssuance');
  const { url, finalize: finalizeUrl, authorizations, expires } = placed;
  await run.record(
    { type: 'RecordOrder', run: run.number, order: { url, finalizeUrl, authorizations, expires } },
    ...(placed.status === 'ready' ? [{ type: 'RecordAuthorized', run: run.number } as const] : []),
  );
  return done;
}

/** A CA that lost the account (restored, or another one behind the same address) gets it again, once. */
async function newOrder(services: Needs, run: Run, spec: AcmeIssuerSpec, account: AcmeAccount): Promise<Order> {
  const ask = (by: AcmeAccount): Promise<Order> => orderReplacing(services, run, spec, by);
  try {
    return await ask(account);
  } catch (error) {
    if (!(error instanceof AcmeError)) throw error;
    if (error.accepted === 'unknown') await spendOrder(services, run, spec);
    if (error.failure.problem.type !== 'accountDoesNotExist') throw error;
    return ask(await acmeAccount(services, run.owner, run.issuance.issuer.name, spec, { anew: true }));
  }
}

/** Whether this issuance is the one that uses the order's URL. A claim of an issuance that nobody wants any more passes on. */
async function claim(services: Needs, run: Run, placed: Order): Promise<boolean> {
  const stream = orderClaimStream(createHash('sha256').update(placed.url).digest('hex'));
  const meta = { actor: 'step:Order', correlationId: run.stream };
  const handle = async (after?: string): Promise<string | undefined> => {
    const command = { type: 'Claim', issuance: run.stream, after } as const;
    return (await services.ledger.handle(orderClaimDecider, stream, command, meta)).state.issuance;
  };
  const claimant = await handle();
  if (claimant === undefined || claimant === run.stream) return true;
  const other = await currentIssuance(services, claimant, meta);
  return !isUnissued(other) && (await handle(claimant)) === run.stream;
}
