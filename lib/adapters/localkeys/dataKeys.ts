import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { Refusal } from '../../domain/refusal.ts';
import type { DataKeys } from '../../ports/dataKeys.ts';
import { createKeyFile, readKeyFile } from './keyFile.ts';

const CIPHER = 'aes-256-gcm';
const VERSION = 1;
const ID_BYTES = 8;
const IV_BYTES = 12;
const KEY_BYTES = 32;
const TAG_BYTES = 16;
const WRAPPED_BYTES = 1 + ID_BYTES + IV_BYTES + KEY_BYTES + TAG_BYTES;

/**
 * Data keys wrapped by the newest master key of a key file; every master key in it unwraps. A wrapped key is: version (1 byte), the master
 * key's id (8), IV (12), AES-256-GCM ciphertext (32) and tag (16), with the context as additional data.
 * @param path may lie outside the data folder
 * @param options `create`: make the file when it is not there. Say false when something was sealed before: a new key would not open it.
 * @throws Refusal as {@link readKeyFile}
 */
export function fileDataKeys(path: string, { create = true }: { readonly create?: boolean } = {}): DataKeys {
  const masterKeys = read(path, create);
  const newest = masterKeys.at(-1)!;
  const byId = new Map(masterKeys.map(({ id, key }) => [id, key]));

  return {
    async generate(context) {
      const plain = randomBytes(KEY_BYTES);
      return { plain, wrapped: wrap(newest, plain, context) };
    },

    wrap: async (plain, context) => wrap(newest, plain, context),

    async unwrap(wrapped, context) {
      const all = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.byteLength);
      if (all.length !== WRAPPED_BYTES || all[0] !== VERSION) throw new Error('this is not a wrapped data key');
      const id = all.toString('hex', 1, 1 + ID_BYTES);
      const master = byId.get(id);
      if (!master) throw new Error(`the key file has no master key ${id}`);
      const iv = all.subarray(1 + ID_BYTES, 1 + ID_BYTES + IV_BYTES);
      const decipher = createDecipheriv(CIPHER, master, iv)
        .setAAD(Buffer.from(context))
        .setAuthTag(all.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(all.subarray(-TAG_BYTES - KEY_BYTES, -TAG_BYTES)), decipher.final()]);
    },
  };
}

/** A master key as node:crypto uses it: for bare bytes it takes three times as long. */
interface MasterKey {
  readonly id: string;
  readonly key: KeyObject;
}

function read(path: string, create: boolean): MasterKey[] {
  return readOrCreate(path, create).map(({ id, key }) => ({ id, key: createSecretKey(key) }));
}

function readOrCreate(path: string, create: boolean): ReturnType<typeof readKeyFile> {
  try {
    return readKeyFile(path);
  } catch (error) {
    if (!create || !(error instanceof Refusal) || error.code !== 'KeyFileMissing') throw error;
  }
  createKeyFile(path);
  return readKeyFile(path);
}

function wrap(master: MasterKey, plain: Uint8Array, context: string): Uint8Array {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, master.key, iv).setAAD(Buffer.from(context));
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.from([VERSION]), Buffer.from(master.id, 'hex'), iv, ciphertext, cipher.getAuthTag()]);
}
