import { isOfTheCa } from '../../domain/failover.ts';
import { issuanceDecider } from '../../domain/issuance.decide.ts';
import type { IssuanceState, StepProblem } from '../../domain/issuance.ts';
import { issuerDecider, issuerOwner, issuerStream } from '../../domain/issuer.ts';
import { issuerLabel } from '../../domain/issuerLabel.ts';
import { releaseLimits } from '../limits/release.ts';
import { done, type Outcome } from '../outcome.ts';
import { counted } from '../outcomes.ts';
import type { Services } from '../services.ts';
import { certificateOf, type IssueInput, splitName } from './run.ts';

type Needs = Pick<Services, 'ledger' | 'limits' | 'clock' | 'ids' | 'metrics'>;

/** Step RecordFailure: what a step recorded, or what it threw, becomes IssuanceFailed with the time of the next try. */
export async function recordFailure(services: Needs, input: IssueInput): Promise<Outcome> {
  const { ledger, ids, metrics } = services;
  const thrown = input.failure === undefined ? undefined : problemOf(input.failure);
  const { state } = await ledger.load(issuanceDecider, input.issuance);
  const cause = state.problem ?? thrown;
  const running = state.status === 'running' && state.run === input.run;
  if (cause && running) await tellIssuer(ledger, input, state, cause);
  const certificate = await certificateOf(services, state);
  const waiting = certificate.status === 'live' && certificate.uid === state.uid ? certificate : undefined;
  const expires = waiting?.issued?.notAfter;
  const command = { type: 'RecordFailure', run: input.run, thrown: cause, random: ids.random(), expires } as const;
  const released = running ? await releaseLimits(services, state) : [];
  const { events } = await ledger.handleAll(issuanceDecider, input.issuance, [...released, command], {
    actor: 'step:RecordFailure',
    correlationId: input.issuance,
  });
  if (events.some((event) => event.type === 'IssuanceFailed'))
    metrics?.(
      counted('IssuancesFailed', issuerLabel(splitName(state.certificate)[0], state.issuer), waiting?.issuing?.reason),
    );
  return done;
}

/** An issuer that others may stand in for counts what its CA fails to do. Told first: a repeated step finds that it was told. */
async function tellIssuer(
  ledger: Needs['ledger'],
  { issuance, run }: IssueInput,
  { issuer, certificate }: IssuanceState,
  { problem }: StepProblem,
): Promise<void> {
  if (!isOfTheCa(problem)) return;
  const [team] = splitName(certificate);
  const stream = issuerStream(issuerOwner(issuer, team), issuer.name);
  if (!(await ledger.load(issuerDecider, stream)).state.spec.failover) return;
  const command = { type: 'RecordCaFailure', attempt: `${issuance}#${run}`, problem: problem.type } as const;
  await ledger.handle(issuerDecider, stream, command, { actor: 'step:RecordFailure', correlationId: issuance });
}

/** Errors that are thrown, and that an operator can do something about: their names are the cause. */
const TOLD: ReadonlySet<string> = new Set(['MasterKeyUnavailable', 'VaultError']);

/** A thrown error as the state machine hands it on: `{Error, Cause}`, where Cause is JSON with `errorType` and `errorMessage`. */
export function problemOf(failure: unknown): StepProblem {
  const { Error: error, Cause: cause } = failure as { Error?: string; Cause?: string };
  let detail = cause ?? '';
  let type = 'internal';
  try {
    const parsed = JSON.parse(detail) as { errorType?: string; errorMessage?: string };
    if (TOLD.has(parsed.errorType ?? '')) type = parsed.errorType!;
    detail = `${parsed.errorType ?? error ?? 'Error'}: ${parsed.errorMessage ?? ''}`;
  } catch {
    // Cause is plain text when the engine itself failed the task.
  }
  const problem = { type, detail: detail.slice(0, 300) || `a step failed: ${error ?? 'unknown'}` };
  return { step: '', class: 'infrastructure', problem };
}
