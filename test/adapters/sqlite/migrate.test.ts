import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { migrate } from '../../../lib/adapters/sqlite/migrate.ts';
import { refusalOf } from '../../support/refusal.ts';

const steps = [
  `CREATE TABLE things (name TEXT); INSERT INTO things VALUES ('first')`,
  `ALTER TABLE things ADD COLUMN size INTEGER; UPDATE things SET size = 1`,
  `INSERT INTO things VALUES ('third', 3)`,
];
const version = (database: DatabaseSync) => database.prepare('PRAGMA user_version').get()?.user_version;
const things = (database: DatabaseSync) => database.prepare('SELECT * FROM things').all();

test('an older database gets the steps that it lacks, in order, and each of them once', () => {
  const database = new DatabaseSync(':memory:');
  migrate(database, 'file', steps.slice(0, 1));
  database.exec(`INSERT INTO things VALUES ('mine')`);
  migrate(database, 'file', steps);
  migrate(database, 'file', steps);
  expect(version(database)).toBe(3);
  expect(things(database)).toEqual([
    { name: 'first', size: 1 },
    { name: 'mine', size: 1 },
    { name: 'third', size: 3 },
  ]);
});

test('a step that breaks leaves the database as the step before left it', () => {
  const database = new DatabaseSync(':memory:');
  const broken = [steps[0]!, `INSERT INTO things VALUES ('half'); INSERT INTO nowhere VALUES (1)`];
  expect(() => migrate(database, 'file', broken)).toThrow('nowhere');
  expect(version(database)).toBe(1);
  expect(things(database)).toEqual([{ name: 'first' }]);
  migrate(database, 'file', steps);
  expect(version(database)).toBe(3);
});

test('a database with more steps than are known is refused', async () => {
  const database = new DatabaseSync(':memory:');
  migrate(database, 'file', steps);
  expect((await refusalOf(() => migrate(database, 'file', steps.slice(0, 2)))).code).toBe('DataFolderNewer');
});
