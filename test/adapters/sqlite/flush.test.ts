import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Database, openDatabase } from '../../../lib/adapters/sqlite/database.ts';
import { sqliteEventStore } from '../../../lib/adapters/sqlite/eventStore.ts';
import { sqliteFeed } from '../../../lib/adapters/sqlite/feed.ts';
import { openLog } from '../../../lib/adapters/sqlite/log.ts';
import { sqliteSealedRows } from '../../../lib/adapters/sqlite/sealedRows.ts';
import { append } from '../../support/ledger.ts';
import { tempDir } from '../../support/temp.ts';

/** A database whose flushes end when the test says so. */
function held(): { database: Database; flushes: { end(): void; fail(): void }[] } {
  const flushes: { end(): void; fail(): void }[] = [];
  const database = openDatabase(join(tempDir('flush'), 'chancery.db'), (file) => ({
    flush: () =>
      new Promise((resolve, reject) => flushes.push({ end: resolve, fail: () => reject(new Error('I/O error')) })),
    close: openLog(file).close,
  }));
  return { database, flushes };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const turns = async (count: number): Promise<void> => {
  for (let index = 0; index < count; index++) await turn();
};

/** What `promise` has come to by now. */
function watched<T>(promise: Promise<T>): { state: () => 'waits' | 'done' | 'failed' } {
  let state: 'waits' | 'done' | 'failed' = 'waits';
  promise.then(
    () => {
      state = 'done';
    },
    () => {
      state = 'failed';
    },
  );
  return { state: () => state };
}

test('an append is answered after the flush that followed it, and those committed meanwhile share the next', async () => {
  const { database, flushes } = held();
  const store = sqliteEventStore(database);
  const first = watched(append(store, 'a', 1));
  await turns(2);
  const second = watched(append(store, 'b', 1));
  await turns(2);
  const third = watched(append(store, 'c', 1));
  await turns(2);
  expect(flushes).toHaveLength(1);
  flushes[0]!.end();
  await turns(2);
  expect([first.state(), second.state(), third.state()]).toEqual(['done', 'waits', 'waits']);
  expect(flushes).toHaveLength(2);
  flushes[1]!.end();
  await turns(2);
  expect([second.state(), third.state()]).toEqual(['done', 'done']);
  expect(flushes).toHaveLength(2);
  await database.close();
});

test('nobody reads a commit or a sealed row that is not on the disk yet', async () => {
  const { database, flushes } = held();
  const store = sqliteEventStore(database);
  const rows = sqliteSealedRows(database);
  const bytes = new Uint8Array(16);
  append(store, 'a', 1);
  rows.create({ ref: 'r', owner: 'o', wrappedKey: bytes, iv: bytes, ciphertext: bytes, tag: bytes });
  await turns(2);
  const feed = sqliteFeed(database);
  const seen: number[] = [];
  feed.subscribe('one', async (record) => void seen.push(record.position));
  feed.start();
  const reads = [watched(store.head('a')), watched(store.commits('a')), watched(rows.read('r'))];
  const other = watched(store.head('b'));
  await turns(3);
  expect(reads.map((read) => read.state())).toEqual(['waits', 'waits', 'waits']);
  expect(seen).toEqual([]);
  expect(other.state()).toBe('done');
  flushes[0]!.end();
  await turns(3);
  expect(reads.map((read) => read.state())).toEqual(['done', 'done', 'done']);
  expect(seen).toEqual([1]);
  await feed.stop();
  await database.close();
});

test('a reader waits for what it read, not for what is written after', async () => {
  const { database, flushes } = held();
  const store = sqliteEventStore(database);
  append(store, 'a', 1);
  await turns(2);
  append(store, 'b', 1);
  await turns(2);
  expect(await store.streams('', 10)).toEqual(['a']);
  const covered = watched(database.ledger.flushed());
  flushes[0]!.end();
  await turns(3);
  expect(covered.state()).toBe('done');
  expect(await store.streams('', 10)).toEqual(['a', 'b']);
  const later = watched(database.ledger.flushed());
  await turns(2);
  expect(later.state()).toBe('waits');
  flushes[1]!.end();
  await turns(2);
  expect(later.state()).toBe('done');
  await database.close();
});

test('a flush that fails rejects every write that waited for it, and the ledger says so until it is opened again', async () => {
  const { database, flushes } = held();
  const store = sqliteEventStore(database);
  const answers = Promise.allSettled([append(store, 'a', 1), append(store, 'b', 1)]);
  await turns(2);
  const reading = store.head('a');
  flushes[0]!.fail();
  const failed = { status: 'rejected', reason: expect.objectContaining({ code: 'DataFolderFailed' }) };
  expect(await answers).toEqual([failed, failed]);
  await expect(reading).rejects.toMatchObject({ code: 'DataFolderFailed' });
  await expect(append(store, 'c', 1)).rejects.toMatchObject({ code: 'DataFolderFailed' });
  await expect(store.due('9999', 1)).rejects.toMatchObject({ code: 'DataFolderFailed' });
  expect(flushes).toHaveLength(1);
  await database.close();
});

test('closing waits for the flush that runs', async () => {
  const { database, flushes } = held();
  const answer = append(sqliteEventStore(database), 'a', 1);
  await turns(2);
  const closing = watched(database.close());
  await turns(3);
  expect(closing.state()).toBe('waits');
  flushes[0]!.end();
  expect(await answer).toBe('appended');
  await turns(3);
  expect(closing.state()).toBe('done');
});
