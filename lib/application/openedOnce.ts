import type { SecretVault } from '../ports/secretVault.ts';

/** Answers what is remembered under the key, or what `open` makes now; undefined is not remembered. */
export type OpenedOnce<T> = (
  vault: SecretVault,
  key: string,
  open: () => Promise<T | undefined>,
) => Promise<T | undefined>;

/**
 * Remembers what was made of sealed rows, for each vault. What is sealed never changes under its reference, so that what was opened once stays
 * right; for the same reason, a key must name a reference, and its owner.
 * @param size how many are kept; the one unused longest goes
 */
export function openedOnce<T>(size: number): OpenedOnce<T> {
  const all = new WeakMap<SecretVault, Map<string, T>>();
  return async (vault, key, open) => {
    const kept = all.get(vault) ?? new Map<string, T>();
    all.set(vault, kept);
    const found = kept.get(key) ?? (await open());
    if (found === undefined) return undefined;
    kept.delete(key);
    kept.set(key, found);
    if (kept.size > size) kept.delete(kept.keys().next().value as string);
    return found;
  };
}
