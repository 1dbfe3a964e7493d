import { plusSeconds } from '../domain/time.ts';
import type { DueStream } from '../ports/eventStore.ts';
import { inLanes } from './lanes.ts';
import { pursue } from './reactions.ts';
import type { Services } from './services.ts';

const PAGE = 100;

/** Seconds until the scan looks again at a stream that owes work which did not move: it runs, or the other side is not ready. */
const LATER = 300;

export interface ScanResult {
  /** Streams that were due. */
  readonly due: number;
  /** Those whose turn threw; they stay due. */
  readonly failed: number;
}

/**
 * Finds what is due and does it. What a crash, a dead letter or a lost event left is found here. Repeating or overlapping scans change nothing.
 * @param ahead seconds: also what is due that much later; a start after a crash asks for the runs of the dead process
 */
export async function scan(services: Services, ahead = 0): Promise<ScanResult> {
  const before = plusSeconds(services.clock.now(), ahead);
  let after: DueStream | undefined;
  let due = 0;
  let failed = 0;
  for (;;) {
    const page = await services.store.due(before, PAGE, after);
    const failures = await inLanes(page, (stream) => attempt(services, stream));
    due += page.length;
    failed += failures.filter(Boolean).length;
    after = page.at(-1);
    if (page.length < PAGE) return { due, failed };
  }
}

/** Answers whether it failed. */
async function attempt(services: Services, { stream, version, dueAt }: DueStream): Promise<boolean> {
  try {
    await pursue(services, stream);
    const now = services.clock.now();
    if (dueAt <= now) await services.store.postpone(stream, version, plusSeconds(now, LATER));
    return false;
  } catch (error) {
    services.log.error('scan: a stream could not be pursued', { stream, error: (error as Error).message });
    return true;
  }
}
