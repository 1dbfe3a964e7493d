import { durationSeconds, shortDuration } from '../../domain/duration.ts';
import { fieldOf } from '../../domain/fieldPath.ts';
import type { Findings } from '../../domain/inputInvalid.ts';
import { LIMIT_KINDS, type LimitSpec, type RateLimitsSpec } from '../../domain/rateLimits.ts';
import type { AcmeInput } from './issuer.ts';

type Input = NonNullable<AcmeInput['rateLimits']>;

/** Bounds of a limit's period in seconds: a second to a year. */
const LONGEST = 8760 * 3600;

/** An issuer's word on its CA's limits, durations in their shortest form. What is wrong goes to `findings`. */
export function normalizeRateLimits(input: Input, at: string, findings: Findings): RateLimitsSpec {
  const limits = LIMIT_KINDS.flatMap((kind) => {
    const limit = input[kind];
    return limit ? [[kind, normalizeLimit(limit, fieldOf(at, kind), findings)] as const] : [];
  });
  const { none, renewalsExempt, teamShares } = input;
  return {
    ...(none && { none }),
    ...Object.fromEntries(limits),
    ...(renewalsExempt !== undefined && { renewalsExempt }),
    ...(teamShares && { teamShares }),
  };
}

function normalizeLimit(
  { count, period, none }: NonNullable<Input['newOrders']>,
  at: string,
  findings: Findings,
): LimitSpec {
  if (none) {
    if (count !== undefined || period !== undefined) findings.add(at, 'LimitTwice', 'has a limit, and says none');
    return { none };
  }
  if (count === undefined || period === undefined) {
    findings.add(at, 'LimitIncomplete', 'must have count and period', 'give both, or none: true');
    return {};
  }
  const seconds = durationSeconds(period)!;
  if (seconds < 1 || seconds > LONGEST) {
    findings.add(fieldOf(at, 'period'), 'DurationOutOfBounds', 'is not between 1s and 8760h');
  }
  return { count, period: shortDuration(Math.round(seconds)) };
}
