import type { LambdaClient } from '@aws-sdk/client-lambda';
import { expect, it } from 'vitest';
import { commitRecordsOf } from '../../../lib/adapters/dynamodb/streamRecords.ts';
import { lambdaReaders, ReaderFailed } from '../../../lib/adapters/lambda/readers.ts';
import type { Commit } from '../../../lib/ports/eventStore.ts';
import { scriptedClient } from '../../support/aws.ts';
import { entry } from '../../support/ledger.ts';

const readers = { project: 'chancery-project', react: 'chancery-react' };
const commit = (stream: string, version = 1): Commit => entry(stream, version).commit;
const large = (stream: string): Commit => ({ ...commit(stream), actor: 'x'.repeat(1_500_000) });
const answer = (body: object, more: object = {}) => ({ Payload: Buffer.from(JSON.stringify(body)), ...more });

const payloadOf = ({ input }: { input: Record<string, unknown> }) =>
  JSON.parse(Buffer.from(input.Payload as Uint8Array).toString('utf8'));

function script(...answers: object[]) {
  const { client, sent } = scriptedClient<LambdaClient>(answers);
  return { again: lambdaReaders({ client, readers }).again, sent };
}

it('A reader gets commits as the feed hands them on', async () => {
  const commits = [commit('team/a', 1), commit('team/a', 2), { ...commit('team/b'), actor: 'x'.repeat(5000) }];
  const { again, sent } = script(answer({ batchItemFailures: [] }));
  expect(await again('react', commits)).toEqual([]);
  expect(sent[0]!.input.FunctionName).toBe('chancery-react');
  const read = commitRecordsOf(payloadOf(sent[0]!));
  expect(read.map((one) => 'commit' in one && one.commit)).toEqual(commits);
});

it('What the reader could not handle is answered by stream', async () => {
  const { again } = script(answer({ batchItemFailures: [{ itemIdentifier: '1' }, { itemIdentifier: '2' }] }));
  expect(await again('project', [commit('team/a'), commit('team/b', 1), commit('team/b', 2)])).toEqual(['team/b']);
});

it('A call has as many commits as a batch of the feed, and less than Lambda takes', async () => {
  const none = answer({ batchItemFailures: [] });
  const many = script(none, none, none);
  await many.again(
    'react',
    Array.from({ length: 60 }, (_, index) => commit(`team/${index}`)),
  );
  expect(many.sent.map((one) => payloadOf(one).Records.length)).toEqual([25, 25, 10]);
  const big = script(none, none);
  await big.again('react', [large('team/a'), large('team/b'), large('team/c')]);
  expect(big.sent.map((one) => payloadOf(one).Records.length)).toEqual([2, 1]);
});

it('A reader that breaks is no reader that handled everything', async () => {
  const { again } = script(answer({ errorType: 'Runtime.ExitError' }, { FunctionError: 'Unhandled' }));
  await expect(again('react', [commit('team/a')])).rejects.toThrow(new ReaderFailed('react: Runtime.ExitError'));
});
