import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../../lib/adapters/sqlite/database.ts';
import { sqliteEventStore } from '../../../lib/adapters/sqlite/eventStore.ts';
import { sqliteFeed } from '../../../lib/adapters/sqlite/feed.ts';
import { append } from '../../support/ledger.ts';
import { tempDir } from '../../support/temp.ts';

const open = () => openDatabase(join(tempDir('feed'), 'chancery.db'));

test('everything that a handler throws is heard, with its consumer and its record', async () => {
  const database = open();
  const heard: string[] = [];
  const feed = sqliteFeed(database, {
    firstPause: 1,
    onError: (error, consumer, record) => heard.push(`${consumer} ${record?.position} ${(error as Error).message}`),
  });
  let failures = 2;
  feed.subscribe('one', async () => {
    if (failures-- > 0) throw new Error('not yet');
  });
  feed.start();
  await append(sqliteEventStore(database), 'a', 1);
  await feed.drained();
  expect(heard).toEqual(['one 1 not yet', 'one 1 not yet']);
  await feed.stop();
  await database.close();
});

test('a checkpoint that cannot be stored is heard and stored later, and delivery goes on', async () => {
  const database = open();
  const heard: unknown[] = [];
  const feed = sqliteFeed(database, {
    firstPause: 1,
    onError: (error, _consumer, record) => heard.push([error, record]),
  });
  const seen: number[] = [];
  feed.subscribe('one', async (record) => void seen.push(record.position));
  const write = database.views.write.bind(database.views);
  let failures = 2;
  database.views.write = (work) => (failures-- > 0 ? Promise.reject(new Error('full')) : write(work));
  feed.start();
  const store = sqliteEventStore(database);
  await append(store, 'a', 1);
  await append(store, 'a', 2);
  await feed.drained();
  await feed.stop();
  expect(seen).toEqual([1, 2]);
  expect(heard).toEqual([
    [new Error('full'), undefined],
    [new Error('full'), undefined],
  ]);
  expect(database.views.all('SELECT consumer, position FROM checkpoints')).toEqual([{ consumer: 'one', position: 2 }]);
  await database.close();
});

test('checkpoints are written a page at a time, not a record at a time', async () => {
  const database = open();
  const store = sqliteEventStore(database);
  for (let version = 1; version <= 40; version++) await append(store, 'a', version);
  const feed = sqliteFeed(database, { pageSize: 10 });
  feed.subscribe('one', async () => {});
  let writes = 0;
  const write = database.views.write.bind(database.views);
  database.views.write = (work) => {
    writes++;
    return write(work);
  };
  feed.start();
  await feed.drained();
  await feed.stop();
  expect(writes).toBeLessThanOrEqual(5);
  expect(database.views.get('SELECT position FROM checkpoints')).toEqual({ position: 40 });
  await database.close();
});

test('after a first checkpoint, those of single records wait for their time, and stopping stores the last', async () => {
  const database = open();
  const store = sqliteEventStore(database);
  const feed = sqliteFeed(database, { checkpointEvery: 1_000_000 });
  feed.subscribe('one', async () => {});
  let writes = 0;
  const write = database.views.write.bind(database.views);
  database.views.write = (work) => {
    writes++;
    return write(work);
  };
  feed.start();
  for (let version = 1; version <= 20; version++) {
    await append(store, 'a', version);
    await feed.drained();
  }
  expect(writes).toBeLessThanOrEqual(1);
  await feed.stop();
  expect(database.views.get('SELECT position FROM checkpoints')).toEqual({ position: 20 });
  await database.close();
});

test('a checkpoint whose time has come is stored without another record', async () => {
  const database = open();
  const feed = sqliteFeed(database, { checkpointEvery: 5 });
  feed.subscribe('one', async () => {});
  let stored: () => void = () => {};
  const write = database.views.write.bind(database.views);
  database.views.write = (work) => write(work).finally(() => stored());
  feed.start();
  const store = sqliteEventStore(database);
  const position = () => database.views.get<{ position: number }>('SELECT position FROM checkpoints')?.position ?? 0;
  await append(store, 'a', 1);
  await append(store, 'a', 2);
  while (position() < 2) await new Promise<void>((resolve) => (stored = resolve));
  await feed.stop();
  await database.close();
});

test('consumers that keep up share the readings of the ledger', async () => {
  const database = open();
  let readings = 0;
  const all = database.ledger.all.bind(database.ledger);
  database.ledger.all = (sql, ...values) => {
    if (sql.includes('FROM commits')) readings++;
    return all(sql, ...values);
  };
  const feed = sqliteFeed(database);
  const seen: string[] = [];
  for (const consumer of ['one', 'two', 'three']) {
    feed.subscribe(consumer, async ({ position }) => void seen.push(`${consumer} ${position}`));
  }
  feed.start();
  await feed.drained();
  const before = readings;
  await append(sqliteEventStore(database), 'a', 1);
  await feed.drained();
  expect(seen.toSorted()).toEqual(['one 1', 'three 1', 'two 1']);
  expect(readings - before).toBe(1);
  await feed.stop();
  await database.close();
});

test('a consumer must subscribe before the start, and once', async () => {
  const database = open();
  const feed = sqliteFeed(database);
  feed.subscribe('one', async () => {});
  expect(() => feed.subscribe('one', async () => {})).toThrow('two consumers');
  feed.start();
  expect(() => feed.subscribe('two', async () => {})).toThrow('after the feed was started');
  await feed.stop();
  await database.close();
});
