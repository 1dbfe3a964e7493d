import type { DatabaseSync } from 'node:sqlite';
import { Refusal } from '../../domain/refusal.ts';

/**
 * Brings a database's schema up to date: runs the steps that its `user_version` does not count yet, each in a transaction of its own, so that
 * an upgrade that breaks off goes on from where it was.
 * @param file its path, for the message
 * @throws Refusal `DataFolderNewer` when it counts more steps than there are
 */
export function migrate(database: DatabaseSync, file: string, steps: readonly string[]): void {
  const found = Number((database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version);
  if (found > steps.length) {
    throw new Refusal(
      'DataFolderNewer',
      `${file} was written by a newer Chancery (schema ${found}; this one knows ${steps.length}).`,
      { remedy: 'Run the newer Chancery, or restore a backup from before the upgrade.' },
    );
  }
  for (const [index, step] of steps.entries()) if (index >= found) run(database, step, index + 1);
}

function run(database: DatabaseSync, step: string, version: number): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(step);
    database.exec(`PRAGMA user_version = ${version}; COMMIT;`);
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
