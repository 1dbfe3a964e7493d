import type { KeySigner } from '../../ports/keySigner.ts';
import type { X509 } from '../../ports/x509.ts';
import { createCsr } from '../x509/csr.ts';

const KMS_ARN = /^arn:aws[a-z-]*:kms:/;

/** Whether what stands in a private key's place names a key in KMS. */
export const isKmsArn = (key: string): boolean => KMS_ARN.test(key);

/**
 * An {@link X509} whose signers may also be keys in KMS: where a private key's PEM would stand, the key's ARN does.
 * @param signers as `kmsSigners` makes them
 */
export const x509WithKms = (x509: X509, signers: (keyArn: string) => Promise<KeySigner>): X509 => ({
  ...x509,
  signer: (key) => (isKmsArn(key) ? signers(key) : x509.signer(key)),
  createCsr: async (names, key) => (isKmsArn(key) ? createCsr(names, await signers(key)) : x509.createCsr(names, key)),
});
