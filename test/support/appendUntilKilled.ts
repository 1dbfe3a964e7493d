import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { fileDataKeys } from '../../lib/adapters/localkeys/dataKeys.ts';
import { openDatabase } from '../../lib/adapters/sqlite/database.ts';
import { sqliteEventStore } from '../../lib/adapters/sqlite/eventStore.ts';
import { sqliteSealedRows } from '../../lib/adapters/sqlite/sealedRows.ts';
import { secretVault } from '../../lib/adapters/vault/secretVault.ts';
import { openDataFolder } from '../../server/dataFolder.ts';
import { append } from './ledger.ts';

// A program of its own, for the tests that kill it: writes to the data folder that its argument names, with four writers at once, and says
// on its output what was acknowledged, a line each: `append STREAM VERSION COMMIT-ID` or `seal REF`.
const folder = openDataFolder(process.argv[2]!);
const database = openDatabase(folder.database);
const store = sqliteEventStore(database);
const vault = secretVault(sqliteSealedRows(database), fileDataKeys(folder.keyFile));

// Past any buffer of ours: what was said before the kill is in the pipe.
const say = (line: string): void => void writeSync(1, `${line}\n`);

async function write(stream: string): Promise<void> {
  for (let version = ((await store.head(stream))?.version ?? 0) + 1; ; version++) {
    const commitId = randomUUID();
    if ((await append(store, stream, version, { commitId })) !== 'appended') throw new Error('nobody else writes here');
    say(`append ${stream} ${version} ${commitId}`);
    if (version % 5 !== 0) continue;
    const ref = `${stream}/${version}`;
    await vault.seal(ref, 'payments', Buffer.from(ref));
    say(`seal ${ref}`);
  }
}

say('ready');
await Promise.all(['a', 'b', 'c', 'd'].map(write));
