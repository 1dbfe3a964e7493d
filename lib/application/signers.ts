import type { KeySigner } from '../ports/keySigner.ts';
import { openedOnce } from './openedOnce.ts';
import type { Services } from './services.ts';

/** Keys that many certificates need one after the other: accounts and CAs. */
const signers = openedOnce<KeySigner>(64);

/** The signer over a sealed private key, opened once a process; undefined when nothing is sealed there. */
export function sealedSigner(
  { vault, x509 }: Pick<Services, 'vault' | 'x509'>,
  ref: string,
  owner: string,
): Promise<KeySigner | undefined> {
  return signers(vault, `${owner} ${ref}`, async () => {
    const sealed = await vault.open(ref, owner);
    return sealed && x509.signer(Buffer.from(sealed).toString('utf8'));
  });
}
