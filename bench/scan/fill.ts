import { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '../../lib/adapters/sqlite/database.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { dueOf, START, stateOf, streamOf, uidOf } from './heads.ts';

/** Makes an installation with so many certificates. Rows are written straight into the file: appending them all would take hours. */
async function fill(file: string, certificates: number, rounds: number): Promise<void> {
  await openDatabase(file).close();
  const database = new DatabaseSync(file);
  const indexes = database
    .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'heads' AND sql IS NOT NULL")
    .all() as { name: string; sql: string }[];
  database.exec('PRAGMA synchronous = OFF; BEGIN');
  for (const { name } of indexes) database.exec(`DROP INDEX ${name}`);
  const insert = database.prepare(
    'INSERT INTO heads (stream, version, hash, at, commit_id, evolve, state, due_at) VALUES (?, 2, ?, ?, ?, ?, ?, ?)',
  );
  const uid = uidOf(certificates);
  const states = new Map<string, string>();
  for (let index = 0; index < certificates; index++) {
    const dueAt = dueOf(index, certificates, rounds);
    // States differ in their names and times; only those that are read need have the right times.
    const round = dueAt < START.replace('T00', 'T12') ? dueAt : START;
    const state = states.get(round) ?? stateOf(uid, round);
    states.set(round, state);
    const own = uidOf(index);
    const row = [streamOf(index), own.repeat(2), START, own, certificateDecider.evolveVersion];
    insert.run(...row, state.replaceAll(uid, own), dueAt);
  }
  for (const { sql } of indexes) database.exec(sql);
  database.exec('COMMIT');
  database.close();
}

const [file, certificates, rounds] = process.argv.slice(2) as [string, string, string];
await fill(file, Number(certificates), Number(rounds));
