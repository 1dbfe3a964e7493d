import { Refusal } from '../../domain/refusal.ts';
import { secondsBetween } from '../../domain/time.ts';
import type { CertificateFacts, ExpectedCertificate } from '../../ports/x509.ts';
import { ipOctets } from './ip.ts';
import { type ReadCertificate, readCertificates } from './read.ts';

/**
 * Checks what a CA sent before it is stored: the leaf holds the key and every name that was asked for, its validity is sane, and each
 * certificate of the chain is signed by the next.
 * @throws Refusal `IssuedMismatch` with the reason; `InvalidCertificate` when the chain does not parse
 */
export function checkIssued(chainPem: string, expected: ExpectedCertificate): CertificateFacts {
  const chain = readCertificates(chainPem);
  const leaf = chain[0]!.facts;
  if (leaf.publicKeyHash !== expected.publicKeyHash) throw mismatch('its key is not the key that was sent');
  const missing = missingNames(leaf, expected);
  if (missing.length > 0) throw mismatch(`it lacks the names ${missing.join(', ')}`);
  if (secondsBetween(leaf.notBefore, leaf.notAfter) <= 0) {
    throw mismatch(`it ends at ${leaf.notAfter}, not after its beginning at ${leaf.notBefore}`);
  }
  for (const [i, issuer] of chain.slice(1).entries()) checkLink(chain[i]!, issuer);
  return leaf;
}

const mismatch = (reason: string): Refusal =>
  new Refusal('IssuedMismatch', `The certificate that was issued is refused: ${reason}`);

function missingNames(leaf: CertificateFacts, { dnsNames, ipAddresses }: ExpectedCertificate): string[] {
  const octets = (address: string): string => ipOctets(address)?.toString('hex') ?? address;
  const held = new Set([...leaf.dnsNames, ...leaf.ipAddresses.map(octets)]);
  return [
    ...dnsNames.filter((name) => !held.has(name)),
    ...ipAddresses.filter((address) => !held.has(octets(address))),
  ];
}

function checkLink(subject: ReadCertificate, issuer: ReadCertificate): void {
  const by = `${issuer.facts.subjectDN}, the next certificate in the chain`;
  if (!issuer.facts.isCA || !issuer.maySign) throw mismatch(`${by}, must not sign certificates`);
  if (!subject.issuer.equals(issuer.subject)) throw mismatch(`${subject.facts.issuerDN} is not ${by}`);
  const { authorityKeyId } = subject.facts;
  const { subjectKeyId } = issuer.facts;
  if (authorityKeyId && subjectKeyId && authorityKeyId !== subjectKeyId) {
    throw mismatch(`its authority key identifier is not that of ${by}`);
  }
  if (!signedBy(subject, issuer)) throw mismatch(`${subject.facts.subjectDN || 'it'} is not signed by ${by}`);
}

function signedBy(subject: ReadCertificate, issuer: ReadCertificate): boolean {
  try {
    return subject.native.verify(issuer.native.publicKey);
  } catch {
    // A key or algorithm that OpenSSL does not take cannot have signed.
    return false;
  }
}
