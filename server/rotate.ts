import { fileDataKeys } from '../lib/adapters/localkeys/dataKeys.ts';
import { addMasterKey, dropOldMasterKeys } from '../lib/adapters/localkeys/keyFile.ts';
import { openDatabase } from '../lib/adapters/sqlite/database.ts';
import { sqliteSealedRows } from '../lib/adapters/sqlite/sealedRows.ts';
import { rewrapAll } from '../lib/adapters/vault/secretVault.ts';
import { keyFile } from './compose.ts';
import { openDataFolder } from './dataFolder.ts';

/** What a rotation needs. */
export interface RotateOptions {
  /** Path of the data folder. */
  readonly data: string;
  /** The key file, when it lies outside the data folder. */
  readonly keyFile?: string;
}

/**
 * Makes another master key, wraps all that is sealed by it, and forgets the former one, while no service runs on the data folder. Interrupted, it is
 * simply called again: until the last row is wrapped anew, the key file has every key that some row needs.
 * @returns how many rows were wrapped anew
 * @throws Refusal for a data folder or a key file that cannot be used
 */
export async function rotateMasterKey(options: RotateOptions): Promise<number> {
  const folder = openDataFolder(options.data);
  try {
    const path = options.keyFile ?? folder.keyFile;
    const database = openDatabase(folder.database);
    try {
      const rows = sqliteSealedRows(database);
      // Looked at before anything is changed: another file is refused.
      await keyFile(rows, path);
      addMasterKey(path);
      const { rewrapped } = await rewrapAll(rows, fileDataKeys(path, { create: false }));
      // Each row is on the disk by now, as what the ledger's connection answers is.
      dropOldMasterKeys(path);
      return rewrapped;
    } finally {
      await database.close();
    }
  } finally {
    folder.release();
  }
}
