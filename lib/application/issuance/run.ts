import { certificateEvolver } from '../../domain/certificate.evolve.ts';
import { type CertificateState, certificateStream, type LiveCertificate } from '../../domain/certificate.ts';
import { type IssuanceCommand, issuanceDecider } from '../../domain/issuance.decide.ts';
import { type IssuanceState, isUnissued } from '../../domain/issuance.ts';
import { configuredIssuer, type IssuerState, issuerDecider, issuerOwner, issuerStream } from '../../domain/issuer.ts';
import type { Failure } from '../../domain/problem.ts';
import { isOwnFault, Refusal } from '../../domain/refusal.ts';
import { plusSeconds } from '../../domain/time.ts';
import { AcmeError } from '../../ports/acmeServer.ts';
import { DnsError } from '../../ports/dnsProvider.ts';
import type { Meta } from '../ledger.ts';
import { LimitReached } from '../limits/buckets.ts';
import { learnLimit } from '../limits/learn.ts';
import { deferred, done, failed, loopsOf, nextWait, type Outcome } from '../outcome.ts';
import type { Services } from '../services.ts';

/** What the state machine hands to every step: references, and the answers of the steps before. */
export interface IssueInput {
  /** Stream of the issuance. */
  readonly issuance: string;
  readonly run: number;
  readonly order?: unknown;
  readonly challenge?: unknown;
  readonly finalize?: unknown;
  /** `{Error, Cause}` when a step threw. */
  readonly failure?: unknown;
}

type Needs = Pick<Services, 'ledger' | 'clock'>;

type StepNeeds = Needs & Pick<Services, 'limits' | 'ids'>;

/** One run of an issuance, as a step sees it: what stands on the ledger, and how to record. */
export interface Run {
  readonly stream: string;
  readonly number: number;
  readonly team: string;
  readonly certificate: LiveCertificate;
  readonly owner: string;
  readonly issuer: IssuerState;
  issuance: IssuanceState;
  /** Handles commands on the issuance, in one commit, and takes over the new state. */
  record(...commands: IssuanceCommand[]): Promise<void>;
}

/** Splits team/name. */
export function splitName(certificate: string): [team: string, name: string] {
  const [team, name] = certificate.split('/');
  return [team!, name!];
}

/**
 * Runs a step: loads, turns away runs that are over, and turns what a step expects (a CA's or DNS server's refusal, a broken rule) into a
 * recorded problem and `failed`, and a limit of the CA's that is reached into a deferral. Anything else is thrown, for the state machine to retry.
 */
export async function step(
  services: StepNeeds,
  name: string,
  input: IssueInput,
  work: (run: Run) => Promise<Outcome>,
): Promise<Outcome> {
  const loaded = await loadRun(services, name, input);
  if ('outcome' in loaded) return loaded;
  try {
    return await work(loaded);
  } catch (error) {
    if (error instanceof LimitReached) {
      const { until: dueAt, code: reason, message: detail } = error;
      await loaded.record({ type: 'Defer', run: input.run, dueAt, reason, detail });
      return deferred;
    }
    const failure = expected(error);
    if (!failure) throw error;
    const learnt = error instanceof AcmeError ? await learn(services, loaded, error) : [];
    await loaded.record(...learnt, { type: 'RecordProblem', run: input.run, step: name, ...failure });
    return failed;
  }
}

/** What the CA says about its limits holds for every request that it concerns. */
async function learn(services: StepNeeds, run: Run, error: AcmeError): Promise<readonly IssuanceCommand[]> {
  const { acme: spec } = run.issuer.spec;
  if (!spec) return [];
  const { issuer, identifiers } = run.issuance;
  const learnt = await learnLimit(services, { spec, issuer: `${run.owner}/${issuer.name}`, identifiers }, error);
  return learnt ? [{ type: 'RecordCorrected', run: run.number, ...learnt }] : [];
}

async function loadRun(services: Needs, name: string, input: IssueInput): Promise<Run | Outcome> {
  const { ledger } = services;
  const { state } = await ledger.load(issuanceDecider, input.issuance);
  if (!isUnissued(state)) return done;
  if (state.run !== input.run) return deferred;
  const [team] = splitName(state.certificate);
  const meta: Meta = { actor: `step:${name}`, correlationId: input.issuance };
  const certificate = await certificateOf(services, state);
  const unwanted = whyUnwanted(certificate, state);
  if (unwanted) {
    await ledger.handle(issuanceDecider, input.issuance, { type: 'Supersede', reason: unwanted }, meta);
    return failed;
  }
  const owner = issuerOwner(state.issuer, team);
  const issuer = await ledger.load(issuerDecider, issuerStream(owner, state.issuer.name));
  const run: Run = {
    stream: input.issuance,
    number: input.run,
    team,
    certificate: certificate as LiveCertificate,
    owner,
    issuer: issuer.state,
    issuance: state,
    async record(...commands) {
      run.issuance = (await ledger.handleAll(issuanceDecider, input.issuance, commands, meta)).state;
    },
  };
  return run;
}

/** What has the name of the issuance's certificate now. */
export async function certificateOf(
  { ledger }: Pick<Services, 'ledger'>,
  issuance: Pick<IssuanceState, 'certificate'>,
): Promise<CertificateState> {
  const [team, name] = splitName(issuance.certificate);
  return (await ledger.load(certificateEvolver, certificateStream(team, name))).state;
}

/** An issuance as it is, after it was ended if nobody wants it any more. */
export async function currentIssuance(services: Needs, stream: string, meta: Meta): Promise<IssuanceState> {
  const { state } = await services.ledger.load(issuanceDecider, stream);
  const unwanted = isUnissued(state) ? whyUnwanted(await certificateOf(services, state), state) : undefined;
  if (!unwanted) return state;
  return (await services.ledger.handle(issuanceDecider, stream, { type: 'Supersede', reason: unwanted }, meta)).state;
}

/** Whether the certificate still waits for this revision, or already has it and only the issuance does not know. */
function whyUnwanted(certificate: CertificateState, issuance: IssuanceState): 'Deleted' | 'Superseded' | undefined {
  if (certificate.status !== 'live' || certificate.uid !== issuance.uid) return 'Deleted';
  const wanted = [certificate.issuing?.revision, certificate.issued?.revision];
  return wanted.includes(issuance.revision) ? undefined : 'Superseded';
}

/** The issuer's configuration; `IssuerNotFound` when it is gone. */
export function requireIssuer(run: Run): IssuerState {
  return configuredIssuer(run.issuer, run.issuance.issuer);
}

/** Names of errors that a step expects, as failures with a class. */
function expected(error: unknown): Failure | undefined {
  if (error instanceof AcmeError) return error.failure;
  if (error instanceof DnsError) {
    return { class: error.retry ? 'backoff' : 'person', problem: { type: error.code, detail: error.message } };
  }
  if (error instanceof Refusal && !isOwnFault(error)) {
    return { class: 'configuration', problem: { type: error.code, detail: error.message } };
  }
  return undefined;
}

/** Waits once more, or puts the run off when it has waited enough; `reason` is shown to whoever asks why. */
export async function waitOrDefer(
  services: Needs,
  run: Run,
  lastAnswer: unknown,
  reason: string,
  retryAfter?: number,
): Promise<Outcome> {
  const wait = nextWait(loopsOf(lastAnswer), retryAfter);
  if (wait) return wait;
  const dueAt = plusSeconds(services.clock.now(), Math.max(300, retryAfter ?? 0));
  await run.record({ type: 'Defer', run: run.number, dueAt, reason });
  return deferred;
}

/** Milliseconds that a step may poll by itself before it answers `wait`. */
const POLL_BUDGET_MS = 2500;

/** First pause between two polls in milliseconds; it grows by half, so that a CA that takes seconds is asked a handful of times. */
const FIRST_PAUSE_MS = 50;

/** Polls at once, then after growing pauses, until `settled` or the budget is used up; gives the last answer. */
export async function poll<T>(ask: () => Promise<T>, settled: (answer: T) => boolean): Promise<T> {
  const until = performance.now() + POLL_BUDGET_MS;
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    const answer = await ask();
    if (settled(answer) || performance.now() + pause > until) return answer;
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause *= 1.5;
  }
}
