import { describe, expect, it } from 'vitest';
import { eachCommit } from '../../../functions/stream/batch.ts';
import { type StreamRecord, streamRecordOf } from '../../../lib/adapters/dynamodb/streamRecords.ts';
import type { Commit } from '../../../lib/ports/eventStore.ts';

const log = { info() {}, warn() {}, error() {} };

const commit = (stream: string, version: number): Commit => ({
  stream,
  version,
  events: [{ type: 'TeamCreated' }],
  at: '2026-01-01T00:00:00.000Z',
  actor: 'test',
  commitId: `${stream}-${version}`,
  correlationId: 'c',
  previousHash: '',
  hash: 'h',
});

const record = (sequence: string, of: Commit): StreamRecord => streamRecordOf(of, sequence);

const damaged = (sequence: string): StreamRecord => ({
  eventName: 'INSERT',
  dynamodb: { SequenceNumber: sequence, Keys: { stream: { S: 'team/x' }, item: { S: 'commit#000000000001' } } },
});

async function handle(records: readonly StreamRecord[], broken: readonly string[] = []) {
  const seen: string[] = [];
  const { batchItemFailures } = await eachCommit(log, { Records: records }, async (commits) => {
    for (const { stream, version } of commits) {
      if (broken.includes(stream)) throw new Error('broken');
      seen.push(`${stream}@${version}`);
    }
  });
  return { seen, failures: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier) };
}

describe('A batch of the stream', () => {
  it('is handled stream by stream, each in order', async () => {
    const records = [
      record('1', commit('team/a', 1)),
      record('2', commit('team/b', 1)),
      record('3', commit('team/a', 2)),
    ];
    const { seen, failures } = await handle(records);
    expect(seen.filter((one) => one.startsWith('team/a'))).toEqual(['team/a@1', 'team/a@2']);
    expect(seen).toContain('team/b@1');
    expect(failures).toEqual([]);
  });

  it('reports the commits of a stream that fails, and no others', async () => {
    const records = [
      record('1', commit('team/a', 1)),
      record('2', commit('team/b', 1)),
      record('3', commit('team/b', 2)),
    ];
    expect(await handle(records, ['team/b'])).toEqual({ seen: ['team/a@1'], failures: ['2', '3'] });
  });

  it('reports a record that cannot be read, and goes on with the rest', async () => {
    expect(await handle([damaged('1'), record('2', commit('team/a', 1))])).toEqual({
      seen: ['team/a@1'],
      failures: ['1'],
    });
  });

  it('of head rows does nothing', async () => {
    const head: StreamRecord = {
      eventName: 'MODIFY',
      dynamodb: { SequenceNumber: '1', Keys: { stream: { S: 'team/a' }, item: { S: 'head' } } },
    };
    expect(await handle([head])).toEqual({ seen: [], failures: [] });
  });
});
