import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { addMasterKey, createKeyFile, readKeyFile } from '../../lib/adapters/localkeys/keyFile.ts';
import { compose } from '../../server/compose.ts';
import { openDataFolder } from '../../server/dataFolder.ts';
import { rotateMasterKey } from '../../server/rotate.ts';
import { refusalOf } from '../support/refusal.ts';
import { tempDir } from '../support/temp.ts';

const SEALED = 'what is sealed';

/** Opens the vault of a data folder, and closes it again. */
async function inVault<T>(
  data: string,
  work: (vault: Awaited<ReturnType<typeof compose>>['services']['vault']) => Promise<T>,
) {
  const folder = openDataFolder(data);
  try {
    const log = { info() {}, warn() {}, error() {} };
    const composed = await compose({ folder, log, version: '0.0.0', allow: [], directoryRoots: [] });
    try {
      return await work(composed.services.vault);
    } finally {
      await composed.close();
    }
  } finally {
    folder.release();
  }
}

async function sealed() {
  const data = join(tempDir('rotate'), 'data');
  await inVault(data, (vault) => vault.seal('key/1/1', 'shop', Buffer.from(SEALED)));
  const keyFile = join(data, 'master.key');
  const opened = () => inVault(data, async (vault) => String(await vault.open('key/1/1', 'shop')));
  return { data, keyFile, opened };
}

it('A data folder opens by its new master key alone, also when a rotation before was interrupted', async () => {
  const { data, keyFile, opened } = await sealed();
  const [before] = readKeyFile(keyFile);
  const backup = join(tempDir('rotate'), 'master.key');
  copyFileSync(keyFile, backup);
  addMasterKey(keyFile);
  expect(await rotateMasterKey({ data })).toBe(1);
  const after = readKeyFile(keyFile);
  expect(after).toHaveLength(1);
  expect(after[0]!.id).not.toBe(before!.id);
  expect(await opened()).toBe(SEALED);
  copyFileSync(backup, keyFile);
  await expect(opened()).rejects.toMatchObject({ code: 'KeyFileOther' });
});

it('A key file that does not open the folder is refused, and left as it is', async () => {
  const { data, opened } = await sealed();
  const other = join(tempDir('rotate'), 'other.key');
  createKeyFile(other);
  const before = readKeyFile(other);
  expect((await refusalOf(() => rotateMasterKey({ data, keyFile: other }))).code).toBe('KeyFileOther');
  expect(readKeyFile(other)).toEqual(before);
  const missing = join(tempDir('rotate'), 'none.key');
  expect((await refusalOf(() => rotateMasterKey({ data, keyFile: missing }))).code).toBe('KeyFileMissing');
  expect(await opened()).toBe(SEALED);
});
