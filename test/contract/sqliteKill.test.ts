import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { fileDataKeys } from '../../lib/adapters/localkeys/dataKeys.ts';
import { openDatabase } from '../../lib/adapters/sqlite/database.ts';
import { sqliteEventStore } from '../../lib/adapters/sqlite/eventStore.ts';
import { sqliteSealedRows } from '../../lib/adapters/sqlite/sealedRows.ts';
import { secretVault } from '../../lib/adapters/vault/secretVault.ts';
import { openDataFolder } from '../../server/dataFolder.ts';
import { guard } from '../support/guard.ts';
import { append } from '../support/ledger.ts';
import { refusalOf } from '../support/refusal.ts';
import { tempDir } from '../support/temp.ts';

const program = join(import.meta.dirname, '../support/appendUntilKilled.ts');

/** Runs the appending program and kills it (SIGKILL) after `count` lines; answers every line that it wrote. */
async function killedAfter(
  folder: string,
  count: number,
  meanwhile?: (pid: number) => Promise<void>,
): Promise<string[]> {
  const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  guard.process(child.pid!);
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === 1) await meanwhile?.(child.pid!);
    if (lines.length === count) child.kill('SIGKILL');
  }
  if (child.signalCode === null && child.exitCode === null) await once(child, 'exit');
  guard.ended(child.pid!);
  expect(child.signalCode).toBe('SIGKILL');
  return lines;
}

/** Opens the folder as the next process would, and checks it against everything that was ever acknowledged. */
async function expectNothingLost(path: string, acknowledged: readonly string[]): Promise<void> {
  const folder = openDataFolder(path);
  const database = openDatabase(folder.database);
  const store = sqliteEventStore(database);
  const vault = secretVault(sqliteSealedRows(database), fileDataKeys(folder.keyFile));
  const found = new Map<string, string>();
  for (const stream of await store.streams('', 10)) {
    const commits = await store.commits(stream);
    expect(commits.map((commit) => commit.version)).toEqual(commits.map((_, index) => index + 1));
    const { version, commitId } = commits.at(-1)!;
    expect(await store.head(stream)).toMatchObject({ version, commitId, snapshot: { state: { count: version } } });
    for (const commit of commits) found.set(`append ${stream} ${commit.version} ${commit.commitId}`, stream);
    // One may be written and not acknowledged: its writer would append it again, and learn that it stands.
    expect(await append(store, stream, version, { commitId })).toBe('appended');
  }
  for (const line of acknowledged) {
    if (line.startsWith('append ')) expect(found.has(line), line).toBe(true);
    const ref = line.startsWith('seal ') ? line.slice(5) : undefined;
    if (ref !== undefined) expect(String(await vault.open(ref, 'payments'))).toBe(ref);
  }
  await database.close();
  folder.release();
}

test('a process that is killed loses nothing that it had acknowledged, wherever it was, time after time', async () => {
  const path = join(tempDir('kill'), 'data');
  const acknowledged: string[] = [];
  for (const count of [1, 2, 23, 97, 350, 1200]) {
    acknowledged.push(...(await killedAfter(path, count)));
    await expectNothingLost(path, acknowledged);
  }
  expect(acknowledged.filter((line) => line.startsWith('append ')).length).toBeGreaterThan(1000);
  expect(acknowledged.filter((line) => line.startsWith('seal ')).length).toBeGreaterThan(100);
});

test('a refused opening does not loosen the lock that its own process holds', async () => {
  const path = join(tempDir('kill'), 'data');
  const folder = openDataFolder(path);
  expect((await refusalOf(() => openDataFolder(path))).code).toBe('DataFolderLocked');
  const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'ignore', 'pipe'] });
  guard.process(child.pid!);
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  // Should it get in after all, it would write for ever.
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  const [code] = await once(child, 'exit');
  clearTimeout(timer);
  guard.ended(child.pid!);
  expect(code).toBe(1);
  expect(errors).toContain('DataFolderLocked');
  folder.release();
});

test('the data folder is locked against other processes while its process lives, and free when it was killed', async () => {
  const path = join(tempDir('kill'), 'data');
  await killedAfter(path, 2, async (pid) => {
    const refusal = await refusalOf(() => openDataFolder(path));
    expect(refusal.code).toBe('DataFolderLocked');
    expect(refusal.message).toContain(`process ${pid} `);
  });
  openDataFolder(path).release();
});
