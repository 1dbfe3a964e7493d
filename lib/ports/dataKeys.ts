/**
 * Keys that encrypt rows, wrapped by one that never leaves its place (a key file, KMS). Contract: `unwrap` gives what `generate` gave, only
 * for the same context; another context or another master key throws. `wrap` is for rotation: it wraps, by the newest master key, what an
 * older one had wrapped. Plain keys are 32 bytes. When the master key cannot be used now, all throw MasterKeyUnavailable.
 */
export interface DataKeys {
  generate(context: string): Promise<{ plain: Uint8Array; wrapped: Uint8Array }>;
  wrap(plain: Uint8Array, context: string): Promise<Uint8Array>;
  unwrap(wrapped: Uint8Array, context: string): Promise<Uint8Array>;
}

/** The master key cannot be used now: disabled, forbidden, throttled, not reached. What it wrapped may be whole. */
export class MasterKeyUnavailable extends Error {
  override readonly name = 'MasterKeyUnavailable';
}
