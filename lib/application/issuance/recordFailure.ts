import { issuanceDecider } from '../../domain/issuance.decide.ts';
import type { StepProblem } from '../../domain/issuance.ts';
import { issuerLabel } from '../../domain/issuerLabel.ts';
import { done, type Outcome } from '../outcome.ts';
import { counted } from '../outcomes.ts';
import type { Services } from '../services.ts';
import { type IssueInput, splitName } from './run.ts';

type Needs = Pick<Services, 'ledger' | 'ids' | 'metrics'>;

/** Step RecordFailure: what a step recorded, or what it threw, becomes IssuanceFailed with the time of the next try. */
export async function recordFailure({ ledger, ids, metrics }: Needs, input: IssueInput): Promise<Outcome> {
  const thrown = input.failure === undefined ? undefined : problemOf(input.failure);
  const { state } = await ledger.load(issuanceDecider, input.issuance);
  const command = {
    type: 'RecordFailure',
    run: input.run,
    thrown: state.problem ?? thrown,
    random: ids.random(),
  } as const;
  const { events } = await ledger.handle(issuanceDecider, input.issuance, command, {
    actor: 'step:RecordFailure',
    correlationId: input.issuance,
  });
  if (events.some((event) => event.type === 'IssuanceFailed'))
    metrics?.(counted('IssuancesFailed', issuerLabel(splitName(state.certificate)[0], state.issuer)));
  return done;
}

/** A thrown error as the state machine hands it on: `{Error, Cause}`, where Cause is JSON with `errorType` and `errorMessage`. */
export function problemOf(failure: unknown): StepProblem {
  const { Error: error, Cause: cause } = failure as { Error?: string; Cause?: string };
  let detail = cause ?? '';
  try {
    const parsed = JSON.parse(detail) as { errorType?: string; errorMessage?: string };
    detail = `${parsed.errorType ?? error ?? 'Error'}: ${parsed.errorMessage ?? ''}`;
  } catch {
    // Cause is plain text when the engine itself failed the task.
  }
  const problem = { type: 'internal', detail: detail.slice(0, 300) || `a step failed: ${error ?? 'unknown'}` };
  return { step: '', class: 'infrastructure', problem };
}
