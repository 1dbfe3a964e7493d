import type { Commit, Head } from '../ports/eventStore.ts';

/** A commit as JSON without its stream and version, which are a row's key. */
export function commitBody({ stream: _stream, version: _version, ...rest }: Commit): string {
  return JSON.stringify(rest);
}

/** The commit whose {@link commitBody} this is. */
export const commitOf = (stream: string, version: number, body: string): Commit => ({
  stream,
  version,
  ...JSON.parse(body),
});

/** @throws TypeError for a mistake of the caller's that would leave a stream that nobody can read. */
export function assertFit(commit: Commit, head: Head): void {
  if (!Number.isSafeInteger(commit.version) || commit.version < 1) {
    throw new TypeError(`commit version ${commit.version} is not a positive whole number`);
  }
  if (head.stream !== commit.stream || head.version !== commit.version || head.commitId !== commit.commitId) {
    throw new TypeError(`the head does not belong to the commit ${commit.stream} ${commit.version}`);
  }
}
