import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openDatabase } from '../../../lib/adapters/sqlite/database.ts';
import { sqliteEventStore } from '../../../lib/adapters/sqlite/eventStore.ts';
import { openLog } from '../../../lib/adapters/sqlite/log.ts';
import { MIGRATIONS } from '../../../lib/adapters/sqlite/schema.ts';
import { sqliteViews } from '../../../lib/adapters/sqlite/views.ts';
import { rebuildWasCut } from '../../../lib/application/rebuild.ts';
import { append } from '../../support/ledger.ts';
import { refusalOf } from '../../support/refusal.ts';
import { tempDir } from '../../support/temp.ts';

const newFile = (): string => join(tempDir('database'), 'chancery.db');

/** A database with a few hundred commits in it, closed. */
async function written(): Promise<string> {
  const file = newFile();
  const database = openDatabase(file);
  const store = sqliteEventStore(database);
  await Promise.all(Array.from({ length: 300 }, (_, index) => append(store, `stream/${index}`, 1)));
  await database.close();
  return file;
}

test('a new database has the newest schema and is readable to its owner alone', async () => {
  const file = newFile();
  const database = openDatabase(file);
  await append(sqliteEventStore(database), 'a', 1);
  for (const name of [file, `${file}-wal`, `${file}-shm`]) expect(statSync(name).mode & 0o777).toBe(0o600);
  await database.close();
  const raw = new DatabaseSync(file);
  expect(raw.prepare('PRAGMA user_version').get()).toEqual({ user_version: MIGRATIONS.length });
  raw.close();
});

test('a write to the ledger waits for the flush of the log, and a write to the views does not', async () => {
  let flushes = 0;
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const database = openDatabase(newFile(), (file) => {
    const log = openLog(file);
    return {
      ...log,
      async flush() {
        flushes++;
        await held;
        await log.flush();
      },
    };
  });
  let answered = false;
  const answer = append(sqliteEventStore(database), 'a', 1).then(() => {
    answered = true;
  });
  await sqliteViews(database).put({ view: 'v', key: 'a', version: 1, owner: '-', doc: {} });
  expect([flushes, answered]).toEqual([1, false]);
  release();
  await answer;
  expect(database.views.get('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' });
  await database.close();
});

test('the log cannot be flushed any more once it is closed', async () => {
  const database = openDatabase(newFile(), (file) => {
    const log = openLog(file);
    log.close();
    return { flush: log.flush, close: () => {} };
  });
  await expect(append(sqliteEventStore(database), 'a', 1)).rejects.toMatchObject({ code: 'DataFolderFailed' });
  await database.close();
});

test('a database of a newer program is refused and left as it is', async () => {
  const file = await written();
  const raw = new DatabaseSync(file);
  raw.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
  raw.close();
  const before = readFileSync(file);
  const refusal = await refusalOf(() => openDatabase(file));
  expect(refusal.code).toBe('DataFolderNewer');
  expect(refusal.message).toContain(`schema ${MIGRATIONS.length + 1}`);
  expect(readFileSync(file).equals(before)).toBe(true);
});

test('a file that is no database is refused as damaged and left as it is', async () => {
  const file = newFile();
  writeFileSync(file, 'this is not a database, but long enough to be one'.repeat(100));
  const before = readFileSync(file);
  expect((await refusalOf(() => openDatabase(file))).code).toBe('DataFolderDamaged');
  expect(readFileSync(file).equals(before)).toBe(true);
});

test('a database with overwritten pages is refused as damaged', async () => {
  const file = await written();
  const bytes = readFileSync(file);
  bytes.fill(0xa5, 4096 * 4, 4096 * 8);
  writeFileSync(file, bytes);
  expect((await refusalOf(() => openDatabase(file))).code).toBe('DataFolderDamaged');
});

test('a database that was cut short is refused as damaged', async () => {
  const file = await written();
  truncateSync(file, 4096 * 6);
  expect((await refusalOf(() => openDatabase(file))).code).toBe('DataFolderDamaged');
});

test('a path that cannot be opened is refused as unreadable', async () => {
  const folder = tempDir('database');
  mkdirSync(join(folder, 'chancery.db'));
  expect((await refusalOf(() => openDatabase(join(folder, 'chancery.db')))).code).toBe('DataFolderUnreadable');
  expect((await refusalOf(() => openDatabase(join(folder, 'none', 'chancery.db')))).code).toBe('DataFolderUnreadable');
});

test('a database from before views were watched has them made anew at the next start, and a new one has not', async () => {
  const file = newFile();
  const old = new DatabaseSync(file);
  old.exec(MIGRATIONS[0]!);
  old.exec(
    `PRAGMA user_version = 1; INSERT INTO view_rows (view, key, version, owner, doc) VALUES ('a', 'b', 1, 'c', '{}')`,
  );
  old.close();
  const cut = async (path: string) => {
    const database = openDatabase(path);
    const found = await rebuildWasCut({ views: sqliteViews(database), store: sqliteEventStore(database) });
    await database.close();
    return found;
  };
  expect(await cut(file)).toBe(true);
  expect(await cut(newFile())).toBe(false);
});
