import { caHost, caLimits, kindOf, limitKey, limitOf } from '../../domain/caLimits.ts';
import type { IssuanceCommand } from '../../domain/issuance.decide.ts';
import { limitIdOf } from '../../domain/issuance.ts';
import { spend } from '../../domain/limits.ts';
import { type LimitedOrder, wantsOf } from '../../domain/orderLimits.ts';
import type { AcmeIssuerSpec } from '../../domain/spec.ts';
import { millis } from '../../domain/time.ts';
import type { AcmeAccount } from '../../ports/acmeServer.ts';
import type { Run } from '../issuance/run.ts';
import type { Services } from '../services.ts';
import { changeBuckets, changes, hasLimits, keysOf, place, reservation, setDigest } from './buckets.ts';
import { exemptionAt } from './count.ts';

type Needs = Pick<Services, 'limits' | 'clock' | 'ids'>;

/**
 * Keeps a token of every limit that the order touches, before the CA is asked.
 * @returns what records that, for the commit that says that the order is meant; nothing where nothing is counted
 * @throws LimitReached with the order's turn, when there is none now
 */
export async function reserveOrder(
  services: Needs,
  run: Run,
  spec: AcmeIssuerSpec,
  { url: account }: AcmeAccount,
): Promise<readonly IssuanceCommand[]> {
  if (!hasLimits(spec)) return [];
  const id = limitIdOf(run.issuance);
  const held = run.issuance.limits;
  if (held?.id === id && held.expires > services.clock.now()) return [];
  const { identifiers } = run.issuance;
  const host = caHost(spec.server);
  const order: LimitedOrder = { spec, host, account, team: run.team, identifiers, set: setDigest(identifiers) };
  const { keys, expires } = await changeBuckets(services, host, keysOf(wantsOf(order)), (buckets, now) =>
    place(wantsOf({ ...order, exemption: exemptionAt(run, spec, buckets, now) }), buckets, id, now),
  );
  return keys.length > 0 ? [{ type: 'RecordReserved', run: run.number, id, keys, expires }] : [];
}

/** Counts the order that the CA took, or may have taken. Said again it counts once. */
export async function spendOrder(services: Needs, run: Run, spec: AcmeIssuerSpec): Promise<void> {
  const held = run.issuance.limits;
  const keys = held?.keys.filter((key) => kindOf(key) === 'newOrders') ?? [];
  if (!held || keys.length === 0) return;
  const wants = keys.map((key) => ({ key, limit: limitOf(spec, key), take: true }));
  await changeBuckets(services, caHost(spec.server), keys, (buckets, now) => ({
    changed: changes(wants, buckets, ({ limit }, bucket) =>
      limit ? spend(limit, bucket, reservation(held), now) : bucket,
    ),
    answer: undefined,
  }));
}

/**
 * Keeps a token for a new account. @throws LimitReached when the CA takes none now
 * @returns counts it, once the CA has registered it
 */
export async function reserveRegistration(
  services: Needs,
  stream: string,
  spec: AcmeIssuerSpec,
): Promise<() => Promise<void>> {
  const limit = caLimits(spec).limits.newRegistrations;
  const host = caHost(spec.server);
  const want = { key: limitKey.newRegistrations(host), limit, take: limit !== undefined };
  const { expires } = await changeBuckets(services, host, [want.key], (buckets, now) =>
    place([want], buckets, stream, now),
  );
  return async () => {
    if (!limit) return;
    await changeBuckets(services, host, [want.key], (buckets, now) => ({
      changed: changes([want], buckets, (_, bucket) =>
        spend(limit, bucket, { id: stream, expires: millis(expires) }, now),
      ),
      answer: undefined,
    }));
  };
}
