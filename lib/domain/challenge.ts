import type { Identifier } from './identifier.ts';
import { type IssuanceState, isUnissued, type Presentation } from './issuance.ts';
import { withoutWildcard } from './names.ts';
import { isFailedValidation, type Problem } from './problem.ts';

/** A proof that an issuance owes, or did not bring, as cert-manager has it in its Challenge. */
export interface ChallengeStanding {
  readonly domain: string;
  readonly type: 'DNS-01' | 'HTTP-01';
  /** `errored`: it could not be shown; `invalid`: the CA did not find it. */
  readonly status: 'pending' | 'processing' | 'invalid' | 'errored';
  /** Whether a run is at it now. */
  readonly processing: boolean;
  readonly reason: string;
}

/** What of a presentation tells whose it is. */
export type Shown = Pick<Presentation, 'challenge' | 'target'>;

/** The challenges of an issuance that are not met: those under way, or those that made its last run fail. */
export function challengesOf(state: IssuanceState): readonly ChallengeStanding[] {
  const { status, failure, presentations, answered, authorized, identifiers, deferral } = state;
  if (!isUnissued(state)) return [];
  if (status === 'failed') return failure?.shown ? failed(identifiers, failure.problem, failure.shown) : [];
  if (authorized || presentations.length === 0) return [];
  const standing = {
    status: answered.length > 0 ? 'processing' : 'pending',
    processing: status === 'running',
    reason: deferral?.detail ?? deferral?.reason ?? '',
  } as const;
  return each(identifiers, presentations, standing);
}

function failed(identifiers: readonly Identifier[], problem: Problem, shown: readonly Shown[]) {
  const concerned = problem.identifier ? [problem.identifier] : identifiers;
  const status = isFailedValidation(problem) ? 'invalid' : 'errored';
  return each(concerned, shown, { status, processing: false, reason: problem.detail });
}

const each = (
  identifiers: readonly Identifier[],
  shown: readonly Shown[],
  standing: Pick<ChallengeStanding, 'status' | 'processing' | 'reason'>,
): readonly ChallengeStanding[] =>
  identifiers.map(({ value }) => ({ domain: withoutWildcard(value), type: typeOf(value, shown), ...standing }));

/** A TXT record may stand elsewhere, behind a CNAME: then what the others do says it. */
function typeOf(name: string, shown: readonly Shown[]): ChallengeStanding['type'] {
  const record = `_acme-challenge.${withoutWildcard(name)}`;
  const byDns =
    name.startsWith('*.') ||
    shown.some(({ challenge, target }) => challenge === 'dns-01' && target === record) ||
    shown.every(({ challenge }) => challenge === 'dns-01');
  return byDns ? 'DNS-01' : 'HTTP-01';
}
