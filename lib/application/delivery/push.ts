import { certificateDecider } from '../../domain/certificate.decide.ts';
import { certificateStream, type LiveCertificate } from '../../domain/certificate.ts';
import { type DeliveryCommand, deliveryDecider } from '../../domain/delivery.decide.ts';
import type { DeliveryState, DesiredDelivery } from '../../domain/delivery.ts';
import { isOwnFault, Refusal } from '../../domain/refusal.ts';
import type { ReplacementReason } from '../../domain/renewal.ts';
import { plusSeconds } from '../../domain/time.ts';
import type { PushContext, PushResult } from '../../ports/destinations.ts';
import { problemOf } from '../issuance/recordFailure.ts';
import { poll, splitName } from '../issuance/run.ts';
import { done, failed, type Outcome } from '../outcome.ts';
import { counted } from '../outcomes.ts';
import type { Services } from '../services.ts';
import { recheckPolicy } from '../teamPolicy.ts';
import { contentsOf } from './contents.ts';

type Needs = Pick<Services, 'instance' | 'ledger' | 'vault' | 'x509' | 'destinations' | 'clock' | 'ids' | 'metrics'>;

export interface DeliverInput {
  /** Stream of the delivery. */
  readonly delivery: string;
  readonly run: number;
  readonly failure?: unknown;
}

/** Step Push: makes the destination hold the *desired* revision, whatever started the run, or takes the copy away. */
export async function push(services: Needs, input: DeliverInput): Promise<Outcome> {
  const { state } = await services.ledger.load(deliveryDecider, input.delivery);
  if (state.run !== input.run || state.status !== 'running' || !state.desired || !state.destination) return done;
  try {
    const { desired } = state;
    const result = await poll(() => act(services, state, desired), isSettled);
    return await record(services, input, desired, result);
  } catch (error) {
    if (!(error instanceof Refusal) || isOwnFault(error)) throw error;
    await replaceDamaged(services, input, state.desired, error.code);
    return record(services, input, state.desired, { outcome: 'refused', reason: error.code, message: error.message });
  }
}

/** What is lost or does not fit together in the vault is of no use to anybody: the revision is replaced. */
const DAMAGE: Readonly<Record<string, ReplacementReason>> = {
  ChainMissing: 'SecretLost',
  KeyMissing: 'SecretLost',
  KeyMismatch: 'Mismatch',
};

async function replaceDamaged(
  { ledger, clock }: Needs,
  { delivery }: DeliverInput,
  { certificate, uid, revision }: DesiredDelivery,
  code: string,
): Promise<void> {
  const reason = DAMAGE[code];
  if (!reason) return;
  const stream = certificateStream(...splitName(certificate));
  const { state } = await ledger.load(certificateDecider, stream);
  // The decider leaves it at that when the revision is no longer the newest; another life of the name has its own.
  if (state.status !== 'live' || state.uid !== uid) return;
  const command = { type: 'ScheduleReplacement', revision, reason, at: clock.now() } as const;
  await ledger.handle(certificateDecider, stream, command, { actor: 'step:Push', correlationId: delivery });
}

type Result = PushResult | { readonly outcome: 'withdrawn' };

/** A lost race is over within a second: what stands there now is read again. */
const isSettled = (result: Result): boolean => result.outcome !== 'failed' || result.class !== 'now';

async function act(services: Needs, state: DeliveryState, desired: DesiredDelivery): Promise<Result> {
  const to = state.destination!;
  const context: PushContext = {
    instance: services.instance,
    certificate: desired.certificate,
    desired,
    known: state.observed,
  };
  if (state.withdrawing) return services.destinations.withdraw(to, context);
  const [team, name] = splitName(desired.certificate);
  const certificate = await currentCertificate(services, team, name, desired);
  // A destination may have left the policy.
  await recheckPolicy(services, team, certificate.spec);
  return services.destinations.push(to, await contentsOf(services, team, name, certificate, desired), context);
}

async function currentCertificate(
  { ledger }: Needs,
  team: string,
  name: string,
  desired: DesiredDelivery,
): Promise<LiveCertificate> {
  const { state } = await ledger.load(certificateDecider, certificateStream(team, name));
  if (state.status === 'live' && state.uid === desired.uid) return state;
  throw new Refusal('CertificateDeleted', 'the certificate was deleted');
}

async function record(services: Needs, input: DeliverInput, pushed: DesiredDelivery, result: Result): Promise<Outcome> {
  const { ids, clock } = services;
  const { run } = input;
  const random = ids.random();
  const handle = (command: DeliveryCommand) => handleAndCount(services, input, 'step:Push', command);
  switch (result.outcome) {
    case 'withdrawn':
      await handle({ type: 'RecordWithdrawn', run });
      return done;
    case 'confirmed': {
      const { objectUid, resourceVersion, fingerprint } = result;
      const { revision, generation } = pushed;
      await handle({ type: 'RecordConfirmed', run, revision, generation, objectUid, resourceVersion, fingerprint });
      return done;
    }
    case 'refused':
      await handle({ type: 'RecordRefused', run, reason: result.reason, message: result.message, random });
      return failed;
    case 'failed': {
      const problem = { type: result.reason, detail: result.message };
      const retryAt = result.retryAfter === undefined ? undefined : plusSeconds(clock.now(), result.retryAfter);
      await handle({ type: 'RecordFailed', run, class: result.class, problem, retryAt, random });
      return failed;
    }
  }
}

/** What came of a delivery, on the ledger and in the numbers. A step that is run again finds it there, and counts nothing. */
async function handleAndCount(
  { ledger, metrics }: Pick<Needs, 'ledger' | 'metrics'>,
  { delivery }: DeliverInput,
  actor: string,
  command: DeliveryCommand,
): Promise<void> {
  const { events } = await ledger.handle(deliveryDecider, delivery, command, { actor, correlationId: delivery });
  for (const { type } of events) {
    if (type === 'DeliveryConfirmed') metrics?.(counted('Delivered'));
    if (type === 'DeliveryFailed' || type === 'DeliveryRefused') metrics?.(counted('DeliveriesFailed'));
  }
}

/** Step RecordPushFailure: what Push threw becomes DeliveryFailed with the time of the next try. */
export async function recordPushFailure(
  services: Pick<Needs, 'ledger' | 'ids' | 'metrics'>,
  input: DeliverInput,
): Promise<Outcome> {
  const { problem } = problemOf(input.failure ?? {});
  const command = {
    type: 'RecordFailed',
    run: input.run,
    class: 'infrastructure',
    problem,
    random: services.ids.random(),
  } as const;
  await handleAndCount(services, input, 'step:RecordPushFailure', command);
  return done;
}
