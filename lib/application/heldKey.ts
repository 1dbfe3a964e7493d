/** A sealed private key, PEM; undefined where what is sealed only names a key that is kept elsewhere, and that nobody can take out. */
export const heldKey = (sealed: string | undefined): string | undefined =>
  sealed?.startsWith('-----BEGIN ') ? sealed : undefined;
