import type { Commit, Head } from '../../ports/eventStore.ts';
import { commitBody, commitOf } from '../commitBody.ts';
import { commitKey, dueAtOf, dueKey, HEAD, shardOf, versionOf } from './keys.ts';
import { type Item, packed, unpacked } from './row.ts';

/** A commit's row. */
export const commitRow = (commit: Commit): Item => ({
  stream: { S: commit.stream },
  item: { S: commitKey(commit.version) },
  commitId: { S: commit.commitId },
  body: packed(commitBody(commit)),
});

/** The commit of a {@link commitRow}. */
export function toCommit(item: Item): Commit {
  return commitOf(item.stream!.S!, versionOf(item.item!.S!), unpacked(item.body));
}

/** A stream's head row. `shard` puts it into the index of streams, `dueKey` into that of what is due. */
export const headRow = (head: Head): Item => ({
  stream: { S: head.stream },
  item: { S: HEAD },
  version: { N: String(head.version) },
  hash: { S: head.hash },
  at: { S: head.at },
  commitId: { S: head.commitId },
  evolve: { N: String(head.snapshot.evolve) },
  state: packed(JSON.stringify(head.snapshot.state) ?? 'null'),
  shard: { S: shardOf(head.stream) },
  ...(head.dueAt === undefined ? {} : { dueKey: { S: dueKey(head.dueAt, head.stream) } }),
});

/** The head of a {@link headRow}. */
export const toHead = (item: Item): Head => ({
  stream: item.stream!.S!,
  version: Number(item.version!.N),
  hash: item.hash!.S!,
  at: item.at!.S!,
  commitId: item.commitId!.S!,
  snapshot: { evolve: Number(item.evolve!.N), state: JSON.parse(unpacked(item.state)) },
  ...(item.dueKey === undefined ? {} : { dueAt: dueAtOf(item.dueKey.S!) }),
});
