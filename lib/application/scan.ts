import { setTimeout as sleep } from 'node:timers/promises';
import { inLanes } from '../async/lanes.ts';
import { type Instant, plusSeconds } from '../domain/time.ts';
import type { DueStream, EventStore } from '../ports/eventStore.ts';
import { pursue, type ReactionNeeds } from './reactions.ts';
import { type RenewalTurns, renewalTurns } from './renewalTurns.ts';
import type { Services } from './services.ts';

type Needs = ReactionNeeds & Pick<Services, 'store'>;

const PAGE = 100;

/** Seconds until the scan looks again at a stream that owes work which did not move: it runs, or the other side is not ready, or it is broken. */
const LATER = 300;

/** Later than anything is due. */
const EVER: Instant = '9999-12-31T23:59:59.999Z';

/** Streams that are pursued within a second at most: each may start an execution, and Step Functions refills 150 a second in small regions. */
const STARTS_PER_SECOND = 100;

/** Milliseconds before the end of a scan's time after which nothing is begun: as long as a CA that does not answer takes to be given up. */
const RESERVE = 20_000;

export interface ScanResult {
  /** Streams that were due, and had their turn. */
  readonly due: number;
  /** Those whose turn threw; they come again. */
  readonly failed: number;
  /** Whether it came to the end of what is due. What is left is still due, and first in the next scan. */
  readonly finished: boolean;
}

export interface ScanOptions {
  /**
   * Instead of what is due, every unfinished run and every check, whenever it is due: for the start of a process that knows that no other runs any.
   * A clock that was set back may have put their time far off.
   */
  readonly resume?: boolean;
  /** Milliseconds that are left for the scan; asked before each stream. Absent: as many as it takes. */
  readonly remaining?: () => number;
  /** Streams that are pursued within a second at most. */
  readonly perSecond?: number;
  /** Of renewals by time. Absent: those that this process has with all others. */
  readonly turns?: RenewalTurns;
}

/** Places go on from scan to scan. */
const turnsOf = new WeakMap<EventStore, RenewalTurns>();

/**
 * Finds what is due and does it. What a crash, a dead letter or a lost event left is found here. Repeating or overlapping scans change nothing, and
 * one that ends before its end leaves the rest due.
 */
export async function scan(services: Needs, options: ScanOptions = {}): Promise<ScanResult> {
  const { resume = false, remaining = () => Number.POSITIVE_INFINITY, perSecond = STARTS_PER_SECOND } = options;
  const { store, clock } = services;
  const turns = options.turns ?? turnsOf.get(store) ?? renewalTurns(services.limits);
  turnsOf.set(store, turns);
  const now = clock.now();
  const pace = pacer(perSecond);
  let after: DueStream | undefined;
  let due = 0;
  let failed = 0;
  for (;;) {
    const page = await store.due(resume ? EVER : now, PAGE, after);
    const wanted = resume ? page.filter(({ stream }) => isResumed(stream)) : page;
    const outcomes = await inLanes(wanted, async (stream) => {
      await pace();
      return remaining() < RESERVE ? 'left' : attempt(services, stream, turns);
    });
    const left = outcomes.filter((outcome) => outcome === 'left').length;
    due += wanted.length - left;
    failed += outcomes.filter((outcome) => outcome === 'failed').length;
    after = page.at(-1);
    if (left > 0) return { due, failed, finished: false };
    if (page.length < PAGE) return { due, failed, finished: true };
  }
}

/** Runs, and what is checked. A check that is not due by a clock that was right all the while is left. */
const isResumed = (stream: string): boolean => /^(?:issuance|delivery|issuer|cluster)\//.test(stream);

/** Waits so that no more than so many go on within a second; a second's worth of them at once. */
function pacer(perSecond: number): () => Promise<void> {
  const interval = 1000 / perSecond;
  let next = performance.now() - 1000;
  return async () => {
    const now = performance.now();
    const turn = Math.max(next, now - 1000);
    next = turn + interval;
    if (turn > now) await sleep(turn - now);
  };
}

/** Pursues a stream. One that stays due is looked at again after a while, not at once. */
async function attempt(
  services: Needs,
  { stream, version, dueAt }: DueStream,
  turns: RenewalTurns,
): Promise<'done' | 'failed'> {
  const { store, clock, log } = services;
  let outcome: 'done' | 'failed' = 'done';
  let pause = LATER;
  try {
    pause = (await pursue(services, stream, turns)) ?? LATER;
  } catch (error) {
    outcome = 'failed';
    log.error('scan: a stream could not be pursued', { stream, error: (error as Error).message });
  }
  const now = clock.now();
  if (dueAt <= now) await store.postpone(stream, version, plusSeconds(now, pause));
  return outcome;
}
