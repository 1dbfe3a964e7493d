import type { X509 } from '../../ports/x509.ts';
import { createCsr, readCsr } from './csr.ts';
import { encodeKey, generateKey, publicKeyHash, signer } from './keys.ts';
import { readCertificates } from './read.ts';
import { sign } from './sign.ts';
import { checkIssued } from './verify.ts';

/** X.509 with node:crypto and a small DER writer and reader of our own: a library costs 3 ms a request and 74 ms to load. */
export function x509(): X509 {
  return {
    generateKey,
    encodeKey,
    signer: async (pem) => signer(pem),
    publicKeyHash,
    createCsr: async (names, key) => createCsr(names, signer(key)),
    readCsr: async (csr) => readCsr(csr),
    readChain: (pem) => readCertificates(pem).map(({ facts }) => facts),
    sign,
    checkIssued,
  };
}
