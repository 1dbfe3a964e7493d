import { Refusal } from '../../lib/domain/refusal.ts';
import { instant } from '../../lib/domain/time.ts';
import type { CertificateFacts, X509 } from '../../lib/ports/x509.ts';
import type { Random } from './random.ts';

/** A certificate on paper: what a real one says, and no signature. Times in milliseconds. */
export interface PaperCertificate {
  readonly serial: string;
  readonly dnsNames: readonly string[];
  readonly publicKeyHash: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly authorityKeyId: string;
}

/** The text that stands for a PEM chain. */
export const paper = (certificate: PaperCertificate): string => JSON.stringify(certificate);

/** What a request on paper asks for. */
export const readRequest = (csr: Uint8Array): Pick<PaperCertificate, 'dnsNames' | 'publicKeyHash'> =>
  JSON.parse(Buffer.from(csr).toString('utf8'));

function factsOf(pem: string): CertificateFacts {
  const { serial, dnsNames, publicKeyHash, notBefore, notAfter, authorityKeyId } = JSON.parse(pem) as PaperCertificate;
  return {
    pem,
    serial,
    dnsNames,
    publicKeyHash,
    authorityKeyId,
    fingerprint: serial,
    notBefore: instant(notBefore),
    notAfter: instant(notAfter),
    ipAddresses: [],
    uris: [],
    emailAddresses: [],
    isCA: false,
    subjectDN: '',
    issuerDN: 'CN=Simulated CA',
  };
}

const unused = (): never => {
  throw new Error('the simulation has no use for it');
};

/** X.509 on paper: real keys and signatures would take all the time, and say nothing about when to renew. */
export function paperX509(random: Random): X509 {
  const kind = { algorithm: 'ECDSA', size: 256 } as const;
  return {
    generateKey: async () => random.hex(16),
    encodeKey: (pem) => pem,
    signer: async (key) => ({ kind, publicKey: Buffer.from(key, 'hex'), sign: async () => new Uint8Array() }),
    publicKeyHash: (spki) => Buffer.from(spki).toString('hex'),
    createCsr: async ({ dnsNames }, key) => Buffer.from(JSON.stringify({ dnsNames, publicKeyHash: key })),
    readCsr: unused,
    readChain: (pem) => [factsOf(pem)],
    sign: unused,
    checkIssued(pem, { publicKeyHash, dnsNames }) {
      const facts = factsOf(pem);
      if (facts.publicKeyHash === publicKeyHash && dnsNames.every((name) => facts.dnsNames.includes(name)))
        return facts;
      throw new Refusal('IssuedMismatch', 'another key or other names');
    },
  };
}
