import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { DeadLetters, Reader } from '../../ports/deadLetters.ts';
import type { Commit } from '../../ports/eventStore.ts';
import { type StreamRecord, streamRecordOf } from '../dynamodb/streamRecords.ts';

/** Commits of one call: as many as a reader of the feed takes at once, lest it run into its time limit. */
const BATCH = 25;

/** Octets of one call. Lambda takes 6 MB. */
const LARGEST = 4_000_000;

/** A function of the feed broke while it handled commits that were handed to it once more. */
export class ReaderFailed extends Error {
  override readonly name = 'ReaderFailed';
}

export interface ReaderOptions {
  readonly client: Pick<LambdaClient, 'send'>;
  /** Names of the functions that read the feed. */
  readonly readers: Readonly<Record<Reader, string>>;
}

/** Calls the feed's own readers, as the feed does, so that what is done once more is what would have been done. */
export function lambdaReaders({ client, readers }: ReaderOptions): Pick<DeadLetters, 'again'> {
  async function call(reader: Reader, commits: readonly Commit[]): Promise<string[]> {
    const Records: StreamRecord[] = commits.map((commit, index) => streamRecordOf(commit, String(index)));
    const { FunctionError, Payload } = await client.send(
      new InvokeCommand({ FunctionName: readers[reader], Payload: Buffer.from(JSON.stringify({ Records })) }),
    );
    const answer = JSON.parse(Buffer.from(Payload ?? '{}').toString('utf8')) as Answer;
    if (FunctionError) throw new ReaderFailed(`${reader}: ${answer.errorType ?? FunctionError}`);
    return (answer.batchItemFailures ?? []).map(({ itemIdentifier }) => commits[Number(itemIdentifier)]!.stream);
  }

  return {
    async again(reader, commits) {
      const failed = new Set<string>();
      for (const batch of batches(commits)) for (const stream of await call(reader, batch)) failed.add(stream);
      return [...failed];
    },
  };
}

interface Answer {
  readonly batchItemFailures?: readonly { readonly itemIdentifier: string }[];
  readonly errorType?: string;
}

function batches(commits: readonly Commit[]): Commit[][] {
  const all: Commit[][] = [];
  let size = LARGEST;
  for (const commit of commits) {
    const octets = JSON.stringify(commit).length;
    const last = all.at(-1);
    if (last && last.length < BATCH && size + octets <= LARGEST) {
      last.push(commit);
      size += octets;
    } else {
      all.push([commit]);
      size = octets;
    }
  }
  return all;
}
