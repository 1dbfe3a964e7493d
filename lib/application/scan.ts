import { type Instant, plusSeconds } from '../domain/time.ts';
import type { DueStream } from '../ports/eventStore.ts';
import { inLanes } from './lanes.ts';
import { pursue, type ReactionNeeds } from './reactions.ts';
import type { Services } from './services.ts';

type Needs = ReactionNeeds & Pick<Services, 'store'>;

const PAGE = 100;

/** Seconds until the scan looks again at a stream that owes work which did not move: it runs, or the other side is not ready, or it is broken. */
const LATER = 300;

/** Later than anything is due. */
const EVER: Instant = '9999-12-31T23:59:59.999Z';

export interface ScanResult {
  /** Streams that were due. */
  readonly due: number;
  /** Those whose turn threw; they come again. */
  readonly failed: number;
}

/**
 * Finds what is due and does it. What a crash, a dead letter or a lost event left is found here. Repeating or overlapping scans change nothing.
 * @param resume instead of what is due, every unfinished run, whenever it is due: for the start of a process that knows that no other runs
 *   any. A clock that was set back may have put their time far off.
 */
export async function scan(services: Needs, { resume = false } = {}): Promise<ScanResult> {
  const now = services.clock.now();
  let after: DueStream | undefined;
  let due = 0;
  let failed = 0;
  for (;;) {
    const page = await services.store.due(resume ? EVER : now, PAGE, after);
    const wanted = resume ? page.filter(({ stream }) => isRun(stream)) : page;
    const failures = await inLanes(wanted, (stream) => attempt(services, stream));
    due += wanted.length;
    failed += failures.filter(Boolean).length;
    after = page.at(-1);
    if (page.length < PAGE) return { due, failed };
  }
}

const isRun = (stream: string): boolean => stream.startsWith('issuance/') || stream.startsWith('delivery/');

/** Pursues a stream and answers whether that failed. A stream that stays due is looked at again after a while, not at once. */
async function attempt(services: Needs, { stream, version, dueAt }: DueStream): Promise<boolean> {
  const { store, clock, log } = services;
  let failed = false;
  let pause = LATER;
  try {
    pause = (await pursue(services, stream)) ?? LATER;
  } catch (error) {
    failed = true;
    log.error('scan: a stream could not be pursued', { stream, error: (error as Error).message });
  }
  const now = clock.now();
  if (dueAt <= now) await store.postpone(stream, version, plusSeconds(now, pause));
  return failed;
}
