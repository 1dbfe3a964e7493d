import { createHash } from 'node:crypto';
import { deliveryDecider } from '../../domain/delivery.decide.ts';
import { isOwed } from '../../domain/delivery.ts';
import { issuanceDecider } from '../../domain/issuance.decide.ts';
import { isOpen } from '../../domain/issuance.ts';
import type { Services } from '../services.ts';
import { leaveIssuer } from './failover.ts';

type Needs = Pick<Services, 'ledger' | 'clock' | 'workflows'>;
type IssuanceNeeds = Needs & Parameters<typeof leaveIssuer>[0];

/** The execution's name: the same run of the same stream has the same one, so that starting twice is starting once. */
export function executionName(stream: string, run: number): string {
  return `${createHash('sha256').update(stream).digest('hex').slice(0, 40)}-${run}`;
}

/** Starts the run that an issuance is in, or begins the next when that one is over and the time has come. */
export async function pursueIssuance(services: IssuanceNeeds, stream: string): Promise<void> {
  const { ledger, clock, workflows } = services;
  const { state } = await ledger.load(issuanceDecider, stream);
  if (!isOpen(state)) return;
  if (state.status === 'running' || !state.dueAt || state.dueAt > clock.now()) {
    if (state.run === 0 || state.status === 'failed' || state.status === 'deferred') return;
    const input = { issuance: stream, run: state.run };
    const answer = await workflows.start('issueCertificate', executionName(stream, state.run), input);
    if (answer !== 'ended' || !state.dueAt || state.dueAt > clock.now()) return;
  }
  if (state.status === 'failed' && (await leaveIssuer(services, stream, state))) return;
  await ledger.handle(
    issuanceDecider,
    stream,
    { type: 'BeginRun', after: state.run },
    { actor: 'reaction', correlationId: stream },
  );
}

/** The same for a delivery. */
export async function pursueDelivery({ ledger, clock, workflows }: Needs, stream: string): Promise<void> {
  const { state } = await ledger.load(deliveryDecider, stream);
  if (!isOwed(state)) return;
  const due = state.dueAt !== undefined && state.dueAt <= clock.now();
  if (state.status === 'running') {
    const input = { delivery: stream, run: state.run };
    const answer = await workflows.start('deliverSecret', executionName(stream, state.run), input);
    if (answer !== 'ended') return;
  }
  if (due) {
    await ledger.handle(
      deliveryDecider,
      stream,
      { type: 'BeginRun', after: state.run },
      { actor: 'reaction', correlationId: stream },
    );
  }
}
