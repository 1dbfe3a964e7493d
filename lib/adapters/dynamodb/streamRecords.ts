import type { Commit } from '../../ports/eventStore.ts';
import { commitRow, toCommit } from './ledgerRows.ts';
import type { Item } from './row.ts';
import { COMMIT_PREFIX } from './tables.ts';

/** An attribute as an event carries it: bytes in base64. */
interface WireValue {
  readonly S?: string;
  readonly N?: string;
  readonly B?: string;
}

/** A record of a table's stream, as Lambda hands it on. https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html */
export interface StreamRecord {
  readonly eventName?: string;
  readonly dynamodb?: {
    readonly SequenceNumber?: string;
    readonly Keys?: Readonly<Record<string, WireValue>>;
    readonly NewImage?: Readonly<Record<string, WireValue>>;
  };
}

/** What a batch item failure names a record by (`itemIdentifier`), and the commit, or why the record is none. */
export type CommitRecord =
  | { readonly sequenceNumber: string; readonly commit: Commit }
  | { readonly sequenceNumber: string; readonly error: Error };

/**
 * The commits that an event of the ledger's stream tells of, in its order. Head rows and removals are left out. A record of a commit that cannot be
 * read is answered as such, so that the others go on.
 */
export function commitRecordsOf(event: { readonly Records: readonly StreamRecord[] }): CommitRecord[] {
  return event.Records.filter(isCommit).map((record) => {
    const sequenceNumber = record.dynamodb?.SequenceNumber ?? '';
    try {
      return { sequenceNumber, commit: commitOf(record.dynamodb?.NewImage) };
    } catch (error) {
      return { sequenceNumber, error: error as Error };
    }
  });
}

/** The record that the ledger's stream had of a commit. @param sequenceNumber names it in the answer */
export function streamRecordOf(commit: Commit, sequenceNumber: string): StreamRecord {
  const image = Object.entries(commitRow(commit)).map(([name, value]) => [name, wired(value)] as const);
  const NewImage: Readonly<Record<string, WireValue>> = Object.fromEntries(image);
  const Keys = { stream: NewImage.stream!, item: NewImage.item! };
  return { eventName: 'INSERT', dynamodb: { SequenceNumber: sequenceNumber, Keys, NewImage } };
}

const wired = ({ S, N, B }: Item[string]): WireValue => {
  if (B !== undefined) return { B: Buffer.from(B).toString('base64') };
  return S === undefined ? { N } : { S };
};

function isCommit({ eventName, dynamodb }: StreamRecord): boolean {
  return eventName !== 'REMOVE' && dynamodb?.Keys?.item?.S?.startsWith(COMMIT_PREFIX) === true;
}

function commitOf(image: Readonly<Record<string, WireValue>> | undefined): Commit {
  if (!image) throw new TypeError('the record has no new image');
  const item = Object.entries(image).map(([name, value]) => [name, plain(value)] as const);
  const commit = toCommit(Object.fromEntries(item));
  if (typeof commit.stream !== 'string' || !Number.isSafeInteger(commit.version) || !Array.isArray(commit.events)) {
    throw new TypeError('the record is not that of a commit');
  }
  return commit;
}

const plain = ({ S, N, B }: WireValue): Item[string] => {
  if (B !== undefined) return { B: Buffer.from(B, 'base64') };
  return S === undefined ? { N: N ?? '' } : { S };
};
