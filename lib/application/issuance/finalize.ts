import type { IssuanceState } from '../../domain/issuance.ts';
import type { AcmeIssuerSpec } from '../../domain/spec.ts';
import type { AcmeAccount, Order } from '../../ports/acmeServer.ts';
import { AcmeError } from '../../ports/acmeServer.ts';
import { failed, loopsOf, type Outcome } from '../outcome.ts';
import type { Services } from '../services.ts';
import { acmeAccount, endpointOf } from './account.ts';
import { signInternally } from './internal.ts';
import { csrOf } from './key.ts';
import { type IssueInput, poll, type Run, requireIssuer, step, waitOrDefer } from './run.ts';

type Needs = Pick<
  Services,
  'ledger' | 'vault' | 'views' | 'acme' | 'x509' | 'accountKeys' | 'caKeys' | 'limits' | 'clock' | 'ids'
>;

/** How often a CA that is not found is looked for again: one that was applied with what it signs may come a moment later. */
const LOOKS = 4;

/** Step Finalize: the CSR to the CA, and the order to `valid` (RFC 8555 7.4). Internal issuers sign here. */
export function finalize(services: Needs, input: IssueInput): Promise<Outcome> {
  return step(services, 'Finalize', input, async (run) => {
    const { acme } = requireIssuer(run).spec;
    if (!acme) {
      const early = loopsOf(input.finalize) < LOOKS;
      return (await signInternally(services, run, early)) ?? waitOrDefer(services, run, input.finalize, 'CaNotIssued');
    }
    if (!run.issuance.order) return lost(run);
    const account = await acmeAccount(services, run.owner, run.issuance.issuer.name, acme);
    return finalizeOrder(services, run, acme, account, input);
  });
}

/** The order went away between two steps: the next run places another. */
async function lost(run: Run): Promise<Outcome> {
  const problem = { type: 'orderGone', detail: 'the order can no longer be finalized' };
  await run.record({ type: 'RecordProblem', run: run.number, step: 'Finalize', class: 'now', problem });
  return failed;
}

async function finalizeOrder(
  services: Needs,
  run: Run,
  spec: AcmeIssuerSpec,
  account: AcmeAccount,
  input: IssueInput,
): Promise<Outcome> {
  const ask = (): Promise<Order> => services.acme.order(endpointOf(spec), account, run.issuance.order!.url);
  const answer = await submit(services, run, spec, account, ask);
  const open = answer.status === 'processing' || answer.status === 'ready';
  const latest = open && !answer.retryAfter ? await poll(ask, (order) => order.status !== 'processing') : answer;
  switch (latest.status) {
    case 'valid':
      return { outcome: 'done', certificate: latest.certificate };
    case 'processing':
    case 'ready':
      return waitOrDefer(services, run, input.finalize, 'CaStillIssuing', latest.retryAfter);
    default: {
      const problem = latest.problem?.problem ?? {
        type: 'orderInvalid',
        detail: `the CA set the order to ${latest.status}`,
      };
      const failure = latest.problem?.class ?? 'backoff';
      await run.record(
        { type: 'AbandonOrder', run: run.number, url: latest.url, reason: latest.status },
        { type: 'RecordProblem', run: run.number, step: 'Finalize', class: failure, problem },
      );
      return failed;
    }
  }
}

/** Sends the CSR once a run; afterwards, and when the CA says it is too early or too late, the order itself tells how it stands. */
async function submit(
  services: Needs,
  run: Run,
  spec: AcmeIssuerSpec,
  account: AcmeAccount,
  ask: () => Promise<Order>,
): Promise<Order> {
  const again = run.issuance.finalizeIntended === run.number;
  const order = again ? await ask() : asOrder(run.issuance);
  if (order.status !== 'ready') return order;
  const { csr, sealed } = await csrOf(services, run);
  await run.record(...sealed, { type: 'IntendFinalize', run: run.number });
  try {
    return await services.acme.finalize(endpointOf(spec), account, order, csr);
  } catch (error) {
    if (error instanceof AcmeError && error.failure.problem.type === 'orderNotReady') return ask();
    throw error;
  }
}

/** The order as the ledger knows it: the challenge step saw it ready. */
function asOrder({ order, identifiers }: IssuanceState): Order {
  const { url, finalizeUrl, authorizations } = order!;
  return { url, finalize: finalizeUrl, authorizations, identifiers, status: 'ready' };
}
