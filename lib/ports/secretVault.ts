/**
 * Keys, chains and credentials, sealed. Contract:
 * - `seal` is create-only: the first write of a `ref` wins, and every call answers the winner's plaintext, so a step run twice seals one key.
 * - `open` answers undefined for a ref that was never sealed or was purged; it throws VaultError when the row does not belong to `owner` or is damaged.
 * - plaintext is never at rest; the row's ref and owner are bound to it as additional data.
 */
export interface SecretVault {
  seal(ref: string, owner: string, plaintext: Uint8Array): Promise<Uint8Array>;
  open(ref: string, owner: string): Promise<Uint8Array | undefined>;
  purge(ref: string): Promise<void>;
}

type VaultErrorCode = 'NotOwner' | 'Damaged' | 'Unavailable';

/**
 * Why a sealed row does not open. `NotOwner`: it belongs to somebody else. `Damaged`: it is not what was sealed, or another master key
 * sealed it. `Unavailable`: the master key cannot be used now.
 */
export class VaultError extends Error {
  override readonly name = 'VaultError';
  readonly code: VaultErrorCode;
  readonly ref: string;
  constructor(code: VaultErrorCode, ref: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.ref = ref;
  }
}

/** One sealed row as the vault's storage holds it. */
export interface SealedRow {
  readonly ref: string;
  readonly owner: string;
  readonly wrappedKey: Uint8Array;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

/** Where sealed rows lie. `create` answers the row that stands afterwards: ours, or the one that was first. */
export interface SealedRows {
  create(row: SealedRow): Promise<SealedRow>;
  read(ref: string): Promise<SealedRow | undefined>;
  /** Replaces the wrapped key alone (rotation), only if it is still `from`. */
  rewrap(ref: string, from: Uint8Array, to: Uint8Array): Promise<boolean>;
  remove(ref: string): Promise<void>;
  list(limit: number, after?: string): Promise<SealedRow[]>;
}
