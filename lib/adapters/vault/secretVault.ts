import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { type DataKeys, MasterKeyUnavailable } from '../../ports/dataKeys.ts';
import { type SealedRow, type SealedRows, type SecretVault, VaultError } from '../../ports/secretVault.ts';

// Keys are given to it as KeyObjects: for bare bytes node:crypto takes three times as long.
const CIPHER = 'aes-256-gcm';
const PAGE = 100;

/**
 * Envelope encryption: every row has a data key of its own, which `dataKeys` wraps. AES-256-GCM with a random 96-bit IV (NIST SP 800-38D);
 * the row's ref and owner are additional data of both the row and its wrapped key, so that a row moved elsewhere does not open.
 */
export function secretVault(rows: SealedRows, dataKeys: DataKeys): SecretVault {
  return {
    async seal(ref, owner, plaintext) {
      const sealed = await encrypt(dataKeys, ref, owner, plaintext);
      const winner = await rows.create(sealed);
      // A data key is used once, so an equal tag under an equal IV is our own row.
      const ours = equal(winner.iv, sealed.iv) && equal(winner.tag, sealed.tag) && winner.owner === owner;
      return ours ? plaintext : decrypt(dataKeys, winner, owner);
    },

    async open(ref, owner) {
      const row = await rows.read(ref);
      return row && decrypt(dataKeys, row, owner);
    },

    purge: (ref) => rows.remove(ref),
  };
}

/** What a turn of rotation did. `after` is there when it is not through: from where the next one goes on. */
export interface Rewrapped {
  readonly rewrapped: number;
  readonly after?: string;
}

/**
 * Rotation: wraps every row's data key anew. The rows' contents stay as they are. May run beside a living vault, and again after a crash.
 * @param dataKeys opens what stands, and wraps by the newest master key
 * @param turn `after` which row it begins; `more`: whether there is time for another page
 */
export async function rewrapAll(
  rows: SealedRows,
  dataKeys: DataKeys,
  { after: begin, more = () => true }: { readonly after?: string; readonly more?: () => boolean } = {},
): Promise<Rewrapped> {
  let rewrapped = 0;
  let after = begin;
  for (;;) {
    const page = await rows.list(PAGE, after);
    if (page.length === 0) return { rewrapped };
    const answers = await Promise.all(page.map((row) => rewrap(rows, row, dataKeys)));
    rewrapped += answers.filter(Boolean).length;
    after = page.at(-1)!.ref;
    if (!more()) return { rewrapped, after };
  }
}

/** Whether `dataKeys` opens what stands in a row: with another key file or KMS key it does not. */
export async function opens(dataKeys: DataKeys, { ref, owner, wrappedKey }: SealedRow): Promise<boolean> {
  return dataKeys.unwrap(wrappedKey, binding(ref, owner)).then(
    (key) => key.fill(0).length > 0,
    () => false,
  );
}

async function rewrap(rows: SealedRows, row: SealedRow, dataKeys: DataKeys): Promise<boolean> {
  const context = binding(row.ref, row.owner);
  const key = await dataKeys.unwrap(row.wrappedKey, context);
  try {
    return await rows.rewrap(row.ref, row.wrappedKey, await dataKeys.wrap(key, context));
  } finally {
    key.fill(0);
  }
}

async function encrypt(dataKeys: DataKeys, ref: string, owner: string, plaintext: Uint8Array): Promise<SealedRow> {
  const context = binding(ref, owner);
  const { plain: key, wrapped: wrappedKey } = await dataKeys.generate(context);
  try {
    const iv = randomBytes(12);
    const cipher = createCipheriv(CIPHER, createSecretKey(key), iv).setAAD(Buffer.from(context));
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return { ref, owner, wrappedKey, iv, ciphertext, tag: cipher.getAuthTag() };
  } finally {
    key.fill(0);
  }
}

async function decrypt(dataKeys: DataKeys, row: SealedRow, owner: string): Promise<Uint8Array> {
  const { ref } = row;
  if (row.owner !== owner) throw new VaultError('NotOwner', ref, `${ref} does not belong to ${owner}`);
  const context = binding(ref, owner);
  let key: Uint8Array | undefined;
  try {
    key = await dataKeys.unwrap(row.wrappedKey, context);
    const decipher = createDecipheriv(CIPHER, createSecretKey(key), row.iv, { authTagLength: 16 })
      .setAAD(Buffer.from(context))
      .setAuthTag(row.tag);
    return Buffer.concat([decipher.update(row.ciphertext), decipher.final()]);
  } catch (error) {
    const code = error instanceof MasterKeyUnavailable ? 'Unavailable' : 'Damaged';
    throw new VaultError(code, ref, `${ref} does not open: ${(error as Error).message}`, error);
  } finally {
    key?.fill(0);
  }
}

// JSON, because a plain separator could stand in a ref or an owner.
const binding = (ref: string, owner: string): string => JSON.stringify([ref, owner]);

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
