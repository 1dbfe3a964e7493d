import type { Certificate, Condition } from './answers.ts';
import { pathOf } from './client.ts';

/** The path of a certificate, or of something of it. */
export const certificatePath = (team: string, name: string, ...rest: readonly string[]): string =>
  pathOf('v1', 'teams', team, 'certificates', name, ...rest);

export const conditionOf = ({ status }: Pick<Certificate, 'status'>, type: string): Condition | undefined =>
  status.conditions.find((condition) => condition.type === type);

/** How a certificate stands for whoever waits for it. */
export type Verdict =
  | { readonly kind: 'done' }
  | { readonly kind: 'waiting'; readonly now: string }
  | { readonly kind: 'failed'; readonly cause: Cause; readonly what: string; readonly retryAt?: string };

interface Cause {
  readonly code: string;
  readonly detail: string;
  readonly remedy: string;
}

/** Milliseconds. A failure that is tried again within this is not the end yet. */
const SOON = 5_000;

/** Whether what was asked for stands: issued, and at every destination. */
export function judge(certificate: Certificate, now = Date.now()): Verdict {
  const { issuance, deliveries } = certificate.status;
  const issuing = conditionOf(certificate, 'Issuing');
  if (issuance?.status === 'failed' && issuance.cause && !isSoon(issuance.retryAt, now)) {
    return failed(`revision ${issuance.revision} was not issued`, issuance.cause, issuance.retryAt);
  }
  const ready = conditionOf(certificate, 'Ready')?.status === 'True';
  if (issuance || issuing?.status === 'True' || !ready) {
    return { kind: 'waiting', now: issuing?.message ?? 'Issuing certificate' };
  }
  const stuck = deliveries.find(({ status }) => ['refused', 'failed', 'taken'].includes(status));
  if (stuck?.cause && !isSoon(stuck.retryAt, now)) {
    return failed(
      `revision ${certificate.status.revision} was not delivered to ${stuck.destination}`,
      stuck.cause,
      stuck.retryAt,
    );
  }
  const open = deliveries.filter(({ status }) => status !== 'confirmed');
  return open.length === 0 ? { kind: 'done' } : { kind: 'waiting', now: `Delivering to ${open[0]!.destination}` };
}

const failed = (what: string, cause: Cause, retryAt: string | undefined): Verdict => ({
  kind: 'failed',
  what,
  cause,
  ...(retryAt !== undefined && { retryAt }),
});

const isSoon = (retryAt: string | undefined, now: number): boolean =>
  retryAt !== undefined && Date.parse(retryAt) - now < SOON;
