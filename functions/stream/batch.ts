import { type CommitRecord, commitRecordsOf, type StreamRecord } from '../../lib/adapters/dynamodb/streamRecords.ts';
import { inLanes } from '../../lib/async/lanes.ts';
import type { Commit } from '../../lib/ports/eventStore.ts';
import type { Log } from '../../lib/ports/system.ts';

/** A batch of the ledger's stream. */
export interface StreamBatch {
  readonly Records: readonly StreamRecord[];
}

/** Which records of the batch are to come again. https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html */
export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/**
 * Handles a batch: streams side by side, each stream's commits in order, of which the rest waits when one fails. What fails, and what cannot be
 * read, is reported, so that it comes again and at last goes to the dead letters; the others are done. Commits that come again change nothing.
 */
export async function eachCommit(
  log: Log,
  batch: StreamBatch,
  work: (commits: readonly Commit[]) => Promise<void>,
): Promise<BatchResponse> {
  const groups = Map.groupBy(commitRecordsOf(batch), (record) => ('commit' in record ? record.commit.stream : ''));
  const failed = await inLanes([...groups.values()], (records) => attempt(log, records, work));
  return { batchItemFailures: failed.flat().map((itemIdentifier) => ({ itemIdentifier })) };
}

/** @returns sequence numbers of what failed */
async function attempt(
  log: Log,
  records: readonly CommitRecord[],
  work: (commits: readonly Commit[]) => Promise<void>,
): Promise<string[]> {
  const unreadable = records.filter((record) => 'error' in record);
  for (const { sequenceNumber, error } of unreadable)
    log.error('feed: a record cannot be read', { sequenceNumber, error: error.message });
  const readable = records.filter((record) => 'commit' in record);
  const failed = unreadable.map(({ sequenceNumber }) => sequenceNumber);
  if (readable.length === 0) return failed;
  try {
    await work(readable.map(({ commit }) => commit));
    return failed;
  } catch (error) {
    const { stream } = readable[0]!.commit;
    log.error('feed: a commit could not be handled', { stream, error: (error as Error).message });
    return [...failed, ...readable.map(({ sequenceNumber }) => sequenceNumber)];
  }
}
