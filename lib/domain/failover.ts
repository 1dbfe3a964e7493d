import { durationSeconds } from './duration.ts';
import type { Problem } from './problem.ts';
import { Refusal } from './refusal.ts';
import type { FailoverSpec, IssuerRef, IssuerSpec } from './spec.ts';
import { type Instant, millis, plusSeconds, secondsBetween } from './time.ts';

export const FAILOVER_DEFAULTS = { failures: 3, window: '1h', lifeLeft: 20, back: '1h' } as const;

/**
 * An issuer stands in for another, and once.
 * @param self the issuer whose failover it is
 * @throws Refusal `StandInUnfit`
 */
export function checkStandIns({ failover }: IssuerSpec, self: IssuerRef, at = 'spec'): void {
  const known = [self];
  for (const [index, ref] of (failover?.to ?? []).entries()) {
    const twin = known.find(({ kind, name }) => kind === ref.kind && name === ref.name);
    if (twin) {
      const why = twin === self ? 'it cannot stand in for itself' : 'it stands in the list already';
      const field = `${at}.failover.to[${index}]`;
      throw new Refusal('StandInUnfit', `${ref.kind} ${ref.name}: ${why}`, { field, remedy: 'leave it out' });
    }
    known.push(ref);
  }
}

/** An attempt that failed for a reason of the CA's. `id` is the issuance's stream and run. */
export interface CaFailure {
  readonly id: string;
  readonly at: Instant;
}

/** An issuer that others stand in for. `turn` counts diversions that came soon after the one before. */
export interface Diversion {
  readonly since: Instant;
  readonly reason: string;
  readonly backAt: Instant;
  readonly turn: number;
}

/** The CA itself, and neither our configuration nor what it asked of the names: only that would be well at another CA. */
const OF_THE_CA = new Set([
  'caUnreachable',
  'caTimeout',
  'caTlsUntrusted',
  'caMalformed',
  'serverInternal',
  'rateLimited',
]);

/** Whether another CA could do what this one failed to. */
export const isOfTheCa = ({ type }: Problem): boolean => OF_THE_CA.has(type);

/** Most seconds that an issuer is stood in for before it is tried again. */
const LONGEST_BACK = 86_400;

/** The failures that still count, the new one among them. Nothing grows: as many are kept as are asked for. */
export function failuresWith(
  known: readonly CaFailure[],
  failure: CaFailure,
  { failures, window }: FailoverSpec,
): readonly CaFailure[] {
  const from = plusSeconds(failure.at, -durationSeconds(window)!);
  return [...known.filter(({ at }) => at >= from), failure].slice(-failures);
}

/** A first or another diversion. One that follows the last return soon lasts twice as long as that did, lest the two CAs take turns. */
export function divert(
  { back }: FailoverSpec,
  reason: string,
  now: Instant,
  last: { readonly turn: number; readonly ended: Instant } | undefined,
): Diversion {
  const soon = last !== undefined && secondsBetween(last.ended, now) < LONGEST_BACK;
  const turn = soon ? last.turn + 1 : 1;
  const seconds = Math.min(durationSeconds(back)! * 2 ** Math.min(turn - 1, 16), LONGEST_BACK);
  return { since: now, reason, backAt: plusSeconds(now, seconds), turn };
}

/** Whether a certificate has so little life left that it does not wait for its issuer. One that was never issued does not. */
export function mayLeave(
  { lifeLeft }: FailoverSpec,
  issued: { readonly notBefore: Instant; readonly notAfter: Instant } | undefined,
  now: Instant,
): boolean {
  if (!issued) return true;
  const life = millis(issued.notAfter) - millis(issued.notBefore);
  return millis(issued.notAfter) - millis(now) <= (life * lifeLeft) / 100;
}
