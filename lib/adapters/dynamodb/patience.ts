import { setTimeout as sleep } from 'node:timers/promises';
import { ThrottledError } from '../../ports/throttled.ts';

/** Milliseconds: how long in all, and how long the first and the longest pause may be. */
export interface Patience {
  readonly inAll: number;
  readonly firstPause: number;
  readonly longestPause: number;
}

/** Long enough for DynamoDB to split a partition's traffic, short enough for a request that somebody waits for. */
const FEW_SECONDS: Patience = { inAll: 4000, firstPause: 25, longestPause: 1000 };

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html */
const BUSY: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'TransactionConflictException',
  'TransactionInProgressException',
  // As reasons of a cancelled transaction:
  'ProvisionedThroughputExceeded',
  'ThrottlingError',
  'TransactionConflict',
]);

const LOST: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'InternalServerError',
  'ServiceUnavailable',
  'TimeoutError',
]);

/**
 * Runs `attempt` again, after pauses that grow and are drawn at random, while DynamoDB is busy or its answer is lost. Only for what may be done
 * twice.
 * @param service which one it is, where it is another that is as busy in the same words
 * @throws ThrottledError when it was busy to the end; whatever else `attempt` throws as it is
 */
export async function patiently<T>(
  attempt: () => Promise<T>,
  patience: Patience = FEW_SECONDS,
  service = 'DynamoDB',
): Promise<T> {
  const end = performance.now() + patience.inAll;
  for (let longest = patience.firstPause; ; longest = Math.min(longest * 2, patience.longestPause)) {
    try {
      return await attempt();
    } catch (error) {
      const busy = isBusy(error);
      if (!busy && !isLost(error)) throw error;
      const pause = Math.random() * longest;
      if (performance.now() + pause > end) {
        throw busy ? new ThrottledError(`${service} is busy: ${(error as Error).name}`, { cause: error }) : error;
      }
      await sleep(pause);
    }
  }
}

/** Runs a conditional write {@link patiently} and answers whether its condition held. */
export async function heldFor(write: () => Promise<unknown>, patience?: Patience): Promise<boolean> {
  try {
    await patiently(write, patience);
    return true;
  } catch (error) {
    if (conditionFailed(error)) return false;
    throw error;
  }
}

/** Says that part of a batch was left for later; patiently() tries the rest. */
export class LeftForLater extends Error {
  override readonly name = 'ThrottlingException';
}

/** Whether a condition did not hold, in a single write or in one of a transaction. */
function conditionFailed(error: unknown): boolean {
  return nameOf(error) === 'ConditionalCheckFailedException' || reasonsOf(error).includes('ConditionalCheckFailed');
}

// A condition that failed is an answer, even when another row of the transaction was busy.
const isBusy = (error: unknown): boolean =>
  !conditionFailed(error) && (BUSY.has(nameOf(error)) || reasonsOf(error).some((reason) => BUSY.has(reason)));

const isLost = (error: unknown): boolean =>
  LOST.has(nameOf(error)) || LOST.has(String((error as { code?: unknown } | null)?.code));

const nameOf = (error: unknown): string => String((error as { name?: unknown } | null)?.name);

function reasonsOf(error: unknown): string[] {
  const reasons = (error as { CancellationReasons?: readonly { Code?: string }[] } | null)?.CancellationReasons;
  return (reasons ?? []).map((reason) => reason.Code ?? '');
}
