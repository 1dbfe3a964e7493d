import { identifiersOf } from '../../domain/identifier.ts';
import type { AcmeIssuerSpec } from '../../domain/spec.ts';
import { type AcmeAccount, AcmeError, type Order } from '../../ports/acmeServer.ts';
import type { Services } from '../services.ts';
import { endpointOf } from './account.ts';
import type { Run } from './run.ts';

/** Refusals of what an order names as replaced: it was replaced before, or the CA does not know it, or as another account's. */
const NOT_REPLACED = new Set(['alreadyReplaced', 'malformed', 'unauthorized']);

/** A 500 counts too: Pebble 2.10 has no other words for a serial that it cannot find (one in 256), and would say so for ever. */
function isRefused(error: unknown): boolean {
  if (!(error instanceof AcmeError)) return false;
  const { problem, retryAt } = error.failure;
  if (problem.status === 500) return retryAt === undefined;
  return error.accepted === 'no' && NOT_REPLACED.has(problem.type);
}

/**
 * A new order (RFC 8555 7.4) that names the certificate which it replaces (RFC 9773 5), where the same account got that at a CA that wants to
 * know. A CA that will not have it replaced is asked again without. Late or early, the order is placed: the window decides what it costs only.
 */
export async function orderReplacing(
  { acme }: Pick<Services, 'acme'>,
  run: Run,
  spec: AcmeIssuerSpec,
  account: AcmeAccount,
): Promise<Order> {
  const endpoint = endpointOf(spec);
  const { replaces } = run.issuance;
  const identifiers = identifiersOf(run.certificate.spec);
  const ask = (more: { readonly replaces?: string }): Promise<Order> =>
    acme.newOrder(endpoint, account, { identifiers, profile: spec.profile, ...more });
  const same = replaces !== undefined && run.certificate.issued?.acme?.account === account.url;
  if (!same || (await acme.meta(endpoint)).renewalInfo === undefined) return ask({});
  try {
    return await ask({ replaces });
  } catch (error) {
    if (!isRefused(error)) throw error;
    return ask({});
  }
}
