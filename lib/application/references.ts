/** Where the vault keeps a revision's private key, its chain, and the CA certificate that its issuer knows. */
export const keyRefOf = (uid: string, revision: number): string => `key/${uid}/${revision}`;
export const chainRefOf = (uid: string, revision: number): string => `chain/${uid}/${revision}`;
export const caRefOf = (chainRef: string): string => `${chainRef}/ca`;

/** The key of the revision whose chain lies there. */
export const keyRefBeside = (chainRef: string): string => chainRef.replace(/^chain\//, 'key/');
