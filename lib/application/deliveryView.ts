import type { LiveCertificate } from '../domain/certificate.ts';
import { type DeliveryState, isClaimed } from '../domain/delivery.ts';
import { type Destination, destinationName } from '../domain/destination.ts';
import type { Instant } from '../domain/time.ts';
import { adviceFor } from './advice.ts';
import { publicText } from './publicCause.ts';
import type { Cause } from './schema/answers.ts';

/** One destination, as its certificate's team may see it. */
export interface DeliveryView {
  readonly destination: string;
  readonly status: 'waiting' | 'pending' | 'running' | 'confirmed' | 'refused' | 'failed' | 'released' | 'taken';
  readonly revision?: number;
  readonly since?: Instant;
  readonly cause?: Cause;
  readonly retryAt?: Instant;
}

/** How a delivery stands for a certificate. What another certificate does at the destination is not shown. */
export function deliveryView(
  certificate: Pick<LiveCertificate, 'uid' | 'generation' | 'issued' | 'dispatched'>,
  destination: Destination,
  state: DeliveryState,
): DeliveryView {
  const { uid, issued, dispatched } = certificate;
  const name = destinationName(destination);
  const claimed = isClaimed(state);
  if (claimed && state.desired?.uid !== uid) {
    const since = dispatched?.at;
    const cause = {
      code: 'DestinationTaken',
      detail: 'another certificate has the destination',
      remedy: adviceFor('DestinationTaken'),
    };
    return { destination: name, status: 'taken', ...(since && { since }), cause };
  }
  if (!claimed || state.status === 'absent') return { destination: name, status: issued ? 'pending' : 'waiting' };
  const { status, observed, failure, dueAt } = state;
  const seen = observed && { revision: observed.revision };
  if (status !== 'running' && behind(state, certificate)) return { destination: name, status: 'pending', ...seen };
  if (status === 'confirmed') return { destination: name, status, ...seen, since: observed?.at };
  if (!failure) return { destination: name, status, ...seen };
  const { reason, message, class: kind, at, retryAt } = failure;
  const cause = { code: reason, detail: publicText(message), remedy: adviceFor(reason, kind) };
  const again = status === 'running' ? undefined : (dueAt ?? retryAt);
  return { destination: name, status, ...seen, since: at, cause, ...(again && { retryAt: again }) };
}

/** A new revision or a changed spec stands and the destination is not told yet: what it answered was to the one before. */
const behind = (
  { desired }: DeliveryState,
  { issued, generation }: Pick<LiveCertificate, 'issued' | 'generation'>,
): boolean =>
  issued !== undefined &&
  desired !== undefined &&
  (desired.revision < issued.revision || desired.generation < generation);
