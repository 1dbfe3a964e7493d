import { describe, expect, test } from 'vitest';
import { heldFor, patiently } from '../../../lib/adapters/dynamodb/patience.ts';
import { ThrottledError } from '../../../lib/ports/throttled.ts';

const LONG = { inAll: 60_000, firstPause: 1, longestPause: 4 };
const SHORT = { ...LONG, inAll: 30 };

const failure = (name: string, more: object = {}): Error => Object.assign(new Error(name), { name, ...more });

const cancelled = (...codes: string[]): Error =>
  failure('TransactionCanceledException', { CancellationReasons: codes.map((Code) => ({ Code })) });

/** Stands in for a request: throws these errors in turn, then answers. */
function scripted(...errors: readonly Error[]) {
  let turn = 0;
  const attempt = async () => {
    const error = errors[turn++];
    if (error) throw error;
    return 'answer';
  };
  return { attempt, turns: () => turn };
}

describe('patiently', () => {
  const passing: Record<string, Error> = {
    'a throttled partition': failure('ProvisionedThroughputExceededException'),
    'a throttled account': failure('RequestLimitExceeded'),
    'a throttled request': failure('ThrottlingException'),
    'another transaction on the row': failure('TransactionConflictException'),
    'its own transaction still under way': failure('TransactionInProgressException'),
    'a transaction cancelled for another one': cancelled('None', 'TransactionConflict'),
    'a transaction cancelled for throttling': cancelled('ThrottlingError', 'None'),
    'a transaction cancelled for its throughput': cancelled('None', 'ProvisionedThroughputExceeded'),
    'a connection that broke': failure('Error', { code: 'ECONNRESET' }),
    'an answer that did not come in time': failure('TimeoutError'),
    'a fault of the service': failure('InternalServerError'),
  };
  for (const [what, error] of Object.entries(passing)) {
    test(`tries again after ${what}`, async () => {
      const { attempt, turns } = scripted(error, error);
      expect(await patiently(attempt, LONG)).toBe('answer');
      expect(turns()).toBe(3);
    });
  }

  test('gives up when DynamoDB stays busy, says so, and keeps the cause', async () => {
    const busy = failure('ThrottlingException');
    const { attempt, turns } = scripted(...Array<Error>(1000).fill(busy));
    const error = await patiently(attempt, SHORT).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ThrottledError);
    expect(error.cause).toBe(busy);
    expect(turns()).toBeLessThan(1000);
  });

  test('throws the last error itself when answers stay lost', async () => {
    const lost = failure('TimeoutError');
    const { attempt } = scripted(...Array<Error>(1000).fill(lost));
    await expect(patiently(attempt, SHORT)).rejects.toBe(lost);
  });

  const final: Record<string, Error> = {
    'a condition that failed': failure('ConditionalCheckFailedException'),
    'a condition that failed beside a busy row': cancelled('ConditionalCheckFailed', 'TransactionConflict'),
    'a request that is wrong': failure('ValidationException'),
    'a table that is not there': failure('ResourceNotFoundException'),
    'a role that may not': failure('AccessDeniedException'),
  };
  for (const [what, error] of Object.entries(final)) {
    test(`does not try again after ${what}`, async () => {
      const { attempt, turns } = scripted(error);
      await expect(patiently(attempt, LONG)).rejects.toBe(error);
      expect(turns()).toBe(1);
    });
  }
});

describe('heldFor', () => {
  test('answers whether the condition held, and throws everything else', async () => {
    const wrong = failure('ValidationException');
    expect(await heldFor(scripted().attempt, SHORT)).toBe(true);
    expect(await heldFor(scripted(failure('ConditionalCheckFailedException')).attempt, SHORT)).toBe(false);
    expect(await heldFor(scripted(cancelled('None', 'ConditionalCheckFailed')).attempt, SHORT)).toBe(false);
    await expect(heldFor(scripted(wrong).attempt, SHORT)).rejects.toBe(wrong);
  });
});
