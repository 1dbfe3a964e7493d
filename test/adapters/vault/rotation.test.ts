import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileDataKeys } from '../../../lib/adapters/localkeys/dataKeys.ts';
import { addMasterKey, dropOldMasterKeys } from '../../../lib/adapters/localkeys/keyFile.ts';
import { openDatabase } from '../../../lib/adapters/sqlite/database.ts';
import { sqliteSealedRows } from '../../../lib/adapters/sqlite/sealedRows.ts';
import { rewrapAll, secretVault } from '../../../lib/adapters/vault/secretVault.ts';
import { tempDir } from '../../support/temp.ts';

const opened = () => {
  const folder = tempDir('rotation');
  const database = openDatabase(join(folder, 'chancery.db'));
  return { database, rows: sqliteSealedRows(database), keyFile: join(folder, 'master.key') };
};

test('rotation leaves every secret as it was, under the new master key alone', async () => {
  const { database, rows, keyFile } = opened();
  const secrets = Array.from({ length: 230 }, (_, index) => [`key/${index}`, randomBytes(40)] as const);
  const old = secretVault(rows, fileDataKeys(keyFile));
  await Promise.all(secrets.map(([ref, secret]) => old.seal(ref, 'payments', secret)));
  const before = await rows.list(1000);

  addMasterKey(keyFile);
  expect(await rewrapAll(rows, fileDataKeys(keyFile))).toEqual({ rewrapped: 230 });
  dropOldMasterKeys(keyFile);

  const vault = secretVault(rows, fileDataKeys(keyFile));
  for (const [ref, secret] of secrets) expect(await vault.open(ref, 'payments')).toEqual(secret);
  const after = await rows.list(1000);
  expect(after.map(({ ciphertext }) => ciphertext)).toEqual(before.map(({ ciphertext }) => ciphertext));
  await database.close();
});

test('a row that was sealed or purged while rotation ran is no harm', async () => {
  const { database, rows, keyFile } = opened();
  const vault = secretVault(rows, fileDataKeys(keyFile));
  await vault.seal('a', 'payments', Buffer.from('a'));
  await vault.seal('b', 'payments', Buffer.from('b'));
  addMasterKey(keyFile);
  const both = fileDataKeys(keyFile);
  const disturbed = {
    ...rows,
    async rewrap(ref: string, from: Uint8Array, to: Uint8Array) {
      if (ref === 'a') await rows.remove('a');
      return rows.rewrap(ref, from, to);
    },
  };
  expect(await rewrapAll(disturbed, both)).toEqual({ rewrapped: 1 });
  expect(await rows.read('a')).toBeUndefined();
  expect(String(await secretVault(rows, both).open('b', 'payments'))).toBe('b');
  await database.close();
});
