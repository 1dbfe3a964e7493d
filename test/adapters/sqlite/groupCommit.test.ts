import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Database, openDatabase } from '../../../lib/adapters/sqlite/database.ts';
import { sqliteEventStore } from '../../../lib/adapters/sqlite/eventStore.ts';
import { sqliteSealedRows } from '../../../lib/adapters/sqlite/sealedRows.ts';
import { append } from '../../support/ledger.ts';
import { refusalOf } from '../../support/refusal.ts';
import { tempDir } from '../../support/temp.ts';

async function withDatabase(body: (database: Database) => Promise<void>): Promise<void> {
  const database = openDatabase(join(tempDir('database'), 'chancery.db'));
  try {
    await body(database);
  } finally {
    await database.close();
  }
}

// SQLite says "full" when the file may not grow: the same path as a disk without space.
const fillDisk = (database: Database): void => {
  const { page_count: pages } = database.ledger.get<{ page_count: number }>('PRAGMA page_count')!;
  database.ledger.get(`PRAGMA max_page_count = ${pages}`);
};
const freeDisk = (database: Database): void => void database.ledger.get('PRAGMA max_page_count = 1000000');

const large = (stream: string, version: number) => ({
  by: randomBytes(20_000).toString('hex'),
  commitId: `${stream}-${version}`,
});

test('the appends of one turn share one transaction, each with an answer of its own', () =>
  withDatabase(async (database) => {
    let announced = 0;
    let transactions = 0;
    database.onAppend(() => announced++);
    const run = database.ledger.run.bind(database.ledger);
    database.ledger.run = (sql, ...values) => {
      if (sql === 'COMMIT') transactions++;
      return run(sql, ...values);
    };
    const store = sqliteEventStore(database);
    const answers = await Promise.all([
      append(store, 'a', 1),
      append(store, 'a', 2),
      append(store, 'a', 2),
      append(store, 'b', 1),
      append(store, 'b', 3),
    ]);
    expect(answers).toEqual(['appended', 'appended', 'conflict', 'appended', 'conflict']);
    await new Promise((next) => setImmediate(next));
    expect(transactions).toBe(1);
    expect(announced).toBe(3);
  }));

test('a transaction waits for the turns after it as long as each brings another write, and no longer', () =>
  withDatabase(async (database) => {
    let transactions = 0;
    const run = database.ledger.run.bind(database.ledger);
    database.ledger.run = (sql, ...values) => {
      if (sql === 'COMMIT') transactions++;
      return run(sql, ...values);
    };
    const store = sqliteEventStore(database);
    const turn = () => new Promise((next) => setImmediate(next));
    // Each begins its turn before the connection looks again.
    const appends: Promise<unknown>[] = [];
    let next = turn();
    for (const stream of ['a', 'b', 'c']) {
      appends.push(append(store, stream, 1));
      await next;
      next = turn();
    }
    expect(await Promise.all(appends)).toEqual(['appended', 'appended', 'appended']);
    expect(transactions).toBe(1);
    expect(await append(store, 'd', 1)).toBe('appended');
    expect(transactions).toBe(2);
  }));

test('an append that finds the disk full is refused and leaves its stream as it was', () =>
  withDatabase(async (database) => {
    const store = sqliteEventStore(database);
    await append(store, 'a', 1, { dueAt: '2026-01-01T00:00:00.000Z' });
    const before = [await store.head('a'), await store.commits('a')];
    fillDisk(database);
    const refusal = await refusalOf(() => append(store, 'a', 2, large('a', 2)));
    expect(refusal.code).toBe('DataFolderFull');
    expect([await store.head('a'), await store.commits('a')]).toEqual(before);
    freeDisk(database);
    expect(await append(store, 'a', 2, large('a', 2))).toBe('appended');
  }));

test('a full disk rejects every write of the shared transaction and none of them stands', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ stream: fc.constantFrom('a', 'b', 'c', 'd'), large: fc.boolean() }), {
        minLength: 1,
        maxLength: 8,
      }),
      fc.nat(7),
      (small, at) =>
        withDatabase(async (database) => {
          const store = sqliteEventStore(database);
          const rows = sqliteSealedRows(database);
          await Promise.all(['a', 'b', 'c', 'd'].map((stream) => append(store, stream, 1)));
          const state = async () =>
            Promise.all(
              ['a', 'b', 'c', 'd'].map(async (stream) => [await store.head(stream), await store.commits(stream)]),
            );
          const before = await state();
          fillDisk(database);
          const versions = new Map<string, number>();
          const appends = [...small.slice(0, at), { stream: 'd', large: true }, ...small.slice(at)].map((one) => {
            const version = (versions.get(one.stream) ?? 1) + 1;
            versions.set(one.stream, version);
            return append(store, one.stream, version, one.large ? large(one.stream, version) : {});
          });
          const seal = rows.create({
            ref: 'r',
            owner: 'o',
            wrappedKey: randomBytes(8),
            iv: randomBytes(12),
            ciphertext: randomBytes(8),
            tag: randomBytes(16),
          });
          const settled = await Promise.allSettled([...appends, seal]);
          expect(settled.map((one) => one.status)).toEqual(settled.map(() => 'rejected'));
          expect(await state()).toEqual(before);
          expect(await rows.read('r')).toBeUndefined();
          freeDisk(database);
          expect(await append(store, 'a', 2)).toBe('appended');
        }),
    ),
    { numRuns: 15 },
  ));

test('a failure that SQLite does not undo by itself takes nothing of its neighbours into the ledger', () =>
  withDatabase(async (database) => {
    const store = sqliteEventStore(database);
    const settled = await Promise.allSettled([
      append(store, 'a', 1),
      database.ledger.write(() => database.ledger.run('INSERT INTO heads (stream) VALUES (NULL)')),
      append(store, 'b', 1),
    ]);
    expect(settled.map((one) => one.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await store.streams('', 10)).toEqual([]);
    expect(await append(store, 'a', 1)).toBe('appended');
  }));

test('what was queued before closing is written', async () => {
  const file = join(tempDir('database'), 'chancery.db');
  const first = openDatabase(file);
  const answer = append(sqliteEventStore(first), 'a', 1);
  await first.close();
  expect(await answer).toBe('appended');
  const second = openDatabase(file);
  expect((await sqliteEventStore(second).head('a'))?.version).toBe(1);
  await second.close();
});

test('a write after closing is rejected', async () => {
  const database = openDatabase(join(tempDir('database'), 'chancery.db'));
  await database.close();
  await expect(append(sqliteEventStore(database), 'a', 1)).rejects.toThrow();
});
