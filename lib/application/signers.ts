import type { KeySigner } from '../ports/keySigner.ts';
import type { SecretVault } from '../ports/secretVault.ts';
import type { Services } from './services.ts';

/** Signers by vault and reference. A sealed key never changes under its reference, so that what was opened once stays right. */
const OPENED = new WeakMap<SecretVault, Map<string, KeySigner>>();

/** Keys that many certificates need one after the other: accounts and CAs. */
const KEPT = 64;

/** The signer over a sealed private key, opened once a process; undefined when nothing is sealed there. */
export async function sealedSigner(
  { vault, x509 }: Pick<Services, 'vault' | 'x509'>,
  ref: string,
  owner: string,
): Promise<KeySigner | undefined> {
  const opened = OPENED.get(vault) ?? new Map<string, KeySigner>();
  OPENED.set(vault, opened);
  const key = `${owner} ${ref}`;
  const known = opened.get(key);
  if (known) return known;
  const sealed = await vault.open(ref, owner);
  if (!sealed) return undefined;
  const signer = await x509.signer(Buffer.from(sealed).toString('utf8'));
  opened.set(key, signer);
  if (opened.size > KEPT) opened.delete(opened.keys().next().value as string);
  return signer;
}
