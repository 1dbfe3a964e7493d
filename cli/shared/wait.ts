import { durationSeconds } from '../../lib/domain/duration.ts';
import type { Certificate, Timeline } from './answers.ts';
import { certificatePath, judge } from './certificates.ts';
import type { Context } from './command.ts';
import { CliError, usageError } from './errors.ts';
import { progressOn } from './progress.ts';
import { followTimeline, readTimeline } from './timeline.ts';

/** The flags of commands that can wait. */
export const WAIT = {
  wait: { kind: 'switch', help: 'Wait until it is issued and delivered; show the steps.' },
  timeout: { kind: 'text', value: 'DURATION', help: 'With --wait: how long, such as 90s or 10m. Default 5m.' },
} as const;

const DEFAULT_TIMEOUT = '5m';
/** Seconds for which events are waited for; then the certificate is looked at in any case. */
const POLL = 10;

/** The time to wait, in milliseconds. @throws CliError `usage` */
export function timeoutOf({
  timeout,
  wait,
}: {
  readonly timeout?: string | undefined;
  readonly wait: boolean;
}): number {
  if (timeout !== undefined && !wait) throw usageError('--timeout is for --wait', 'add --wait');
  const seconds = durationSeconds(timeout ?? DEFAULT_TIMEOUT);
  if (seconds !== undefined && seconds > 0) return seconds * 1000;
  throw usageError(`--timeout ${timeout}: not a duration`, 'write it as 90s, 10m or 1h30m');
}

export interface Wanted {
  readonly team: string;
  readonly name: string;
  /** Milliseconds. */
  readonly timeout: number;
  /** Events up to this cursor were there before. */
  readonly after?: string | undefined;
}

/** Where a certificate's timeline ends now; undefined where there is no such certificate. */
export async function timelineEnd({ client }: Context, team: string, name: string): Promise<string | undefined> {
  try {
    return (await readTimeline(client(), team, name)).cursor;
  } catch (error) {
    if (error instanceof CliError && error.exit === 'notFound') return undefined;
    throw error;
  }
}

/**
 * Waits until a certificate is issued and delivered, and shows the steps on the way.
 * @param first the certificate as the service answered it to whatever is waited for
 * @throws CliError `certificateFailed` with the cause, `timeout` with what it waits for
 */
export async function waitFor(context: Context, first: Certificate, wanted: Wanted): Promise<Certificate> {
  const { team, name, timeout } = wanted;
  const until = performance.now() + timeout;
  const progress = progressOn(context.terminal);
  let certificate = first;
  let { after } = wanted;
  const show = ({ events, cursor }: Timeline): void => {
    after = cursor;
    for (const event of events) progress.step(event);
  };
  try {
    for (;;) {
      const verdict = judge(certificate);
      // What happened last may have happened after the look.
      if (verdict.kind !== 'waiting') show(await readTimeline(context.client(), team, name, after));
      if (verdict.kind === 'done') return certificate;
      if (verdict.kind === 'failed') throw failure(`${team}/${name}: ${verdict.what}`, verdict);
      const left = Math.ceil((until - performance.now()) / 1000);
      if (left <= 0) throw late(certificate, verdict.now, wanted);
      progress.status(verdict.now);
      show(await followTimeline(context.client(), team, name, after, Math.min(left, POLL)));
      certificate = await context.client().get<Certificate>(certificatePath(team, name));
    }
  } finally {
    progress.end();
  }
}

interface Failed {
  readonly cause: { readonly code: string; readonly detail: string; readonly remedy: string };
  readonly retryAt?: string;
}

function failure(what: string, { cause, retryAt }: Failed): CliError {
  const again = retryAt === undefined || cause.remedy.includes(retryAt) ? '' : ` It is tried again at ${retryAt}.`;
  return new CliError('certificateFailed', `${what}: ${cause.detail}`, {
    code: cause.code,
    remedy: `${cause.remedy}${again}`,
  });
}

function late({ status }: Certificate, now: string, { team, name, timeout }: Wanted): CliError {
  const cause = status.issuance?.cause ?? status.deliveries.find((delivery) => delivery.cause)?.cause;
  const { issuer } = status;
  const unready = issuer.ready === 'True' ? '' : ` (${issuer.kind} ${issuer.name} is not ready: ${issuer.message})`;
  const why = cause ? ` (${cause.code}: ${cause.detail})` : unready;
  return new CliError('timeout', `${team}/${name} is not there after ${timeout / 1000} s: ${now}${why}`, {
    remedy: `it goes on; look again with: chancery describe ${name} --team ${team}`,
  });
}
