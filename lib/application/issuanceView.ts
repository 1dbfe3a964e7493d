import type { IssuanceState } from '../domain/issuance.ts';
import type { IssuerRef } from '../domain/spec.ts';
import type { Instant } from '../domain/time.ts';
import { adviceFor } from './advice.ts';
import { publicCause, publicCauses, publicText } from './publicCause.ts';
import type { Cause } from './schema/answers.ts';

/** A revision on its way, as tenants may see it. */
export interface IssuanceView {
  readonly revision: number;
  readonly run: number;
  readonly status: Exclude<IssuanceState['status'], 'absent'>;
  readonly step: string;
  /** Who issues it, where that stands in for its issuer. */
  readonly issuer?: IssuerRef;
  readonly since: Instant;
  readonly cause?: Cause;
  readonly causes?: Cause[];
  readonly retryAt?: Instant;
}

/** The state machine's step that an issuance is in, from what stands on its ledger. */
function currentStep({ order, authorized, signing, key }: IssuanceState): string {
  if (signing) return 'Store';
  if (order) return authorized ? 'Finalize' : 'Challenge';
  return key ? 'Finalize' : 'Order';
}

/** Undefined while the issuance has not begun. */
export function issuanceView(state: IssuanceState | undefined): IssuanceView | undefined {
  if (!state || state.status === 'absent') return undefined;
  const { revision, run, status, lastStepAt, failure, deferral, problem, issuer, insteadOf } = state;
  const { kind, name } = issuer;
  const base = {
    ...{ revision, run, status, step: currentStep(state), since: lastStepAt },
    ...(insteadOf && { issuer: { kind, name } }),
  };
  if (status === 'failed' && failure) {
    const { problem: of, class: kindOf, retryAt, step, at } = failure;
    const causes = publicCauses(of, kindOf);
    const cause = publicCause(of, kindOf);
    return { ...base, step: step || base.step, since: at, cause, ...(causes.length > 0 && { causes }), retryAt };
  }
  if (status === 'deferred' && deferral) {
    const { reason, until, detail } = deferral;
    const cause = { code: reason, detail: detail ? publicText(detail) : stepWords(base), remedy: adviceFor(reason) };
    return { ...base, cause, retryAt: until };
  }
  // Of this run: a step recorded it, and the run is about to end. Or of the run before, which this one repeats.
  const last = problem ?? failure;
  return last ? { ...base, cause: publicCause(last.problem, last.class) } : base;
}

const WORDS: Readonly<Record<string, string>> = {
  Order: 'placing the order',
  Challenge: 'proving control of the names',
  Finalize: 'having the certificate signed',
  Store: 'storing the certificate',
};

/** What an issuance does now, in words. */
export function stepWords(issuance: Pick<IssuanceView, 'revision' | 'step' | 'run' | 'status'> | undefined): string {
  if (!issuance) return 'Issuing certificate: it is about to begin';
  const { revision, step, run, status } = issuance;
  const attempt = run > 1 ? `, attempt ${run}` : '';
  const waits = status === 'deferred' ? ' (waiting)' : '';
  return `Issuing certificate: ${WORDS[step] ?? step}${waits} (revision ${revision}${attempt})`;
}
