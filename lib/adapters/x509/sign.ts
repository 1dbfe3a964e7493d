import { Refusal } from '../../domain/refusal.ts';
import { millis } from '../../domain/time.ts';
import type { KeySigner } from '../../ports/keySigner.ts';
import type { SigningRequest } from '../../ports/x509.ts';
import { signsWith } from './algorithms.ts';
import { explicit, integer, sequence, time } from './der.ts';
import { writeName } from './distinguishedName.ts';
import { certificateExtensions, keyIdentifier } from './extensions.ts';
import { publicKeyHash } from './keys.ts';
import { writeNames } from './names.ts';
import { toPem } from './pem.ts';
import { type ReadCertificate, readCertificates } from './read.ts';
import { signed } from './signed.ts';

const VERSION_3 = explicit(0, integer(Buffer.of(2)));
/** RFC 5280 4.1.2.2 allows 20 octets; a set first bit costs one more. */
const MAX_SERIAL_OCTETS = 20;

/** Who signs: a key, and the CA certificate it belongs to; without one the new certificate is self-signed. */
export interface Authority {
  readonly signer: KeySigner;
  readonly certificate?: string;
}

/**
 * A certificate, PEM, with the extensions of RFC 5280 4.2. Equal inputs make equal certificates, but for ECDSA's random signature.
 * @throws Refusal `InvalidSerial`, `InvalidSubject`, `InvalidName`, `UnknownUsage`, `NoNames`, and for an authority that must not sign this:
 *   `IssuerNotCA`, `IssuerKeyMismatch`, `IssuerOutlived`
 */
export async function sign(request: SigningRequest, authority: Authority): Promise<string> {
  const ca =
    authority.certificate === undefined ? undefined : issuerFor(request, authority.signer, authority.certificate);
  if (!ca && publicKeyHash(authority.signer.publicKey) !== publicKeyHash(request.publicKey)) {
    throw new Refusal('IssuerKeyMismatch', 'A self-signed certificate holds the key that signs it');
  }
  const subjectKeyId = keyIdentifier(request.publicKey);
  const alternativeNames = writeNames(request);
  const given = writeName(request.subject, request.commonName);
  const subjectEmpty = given.equals(writeName());
  if (subjectEmpty && !alternativeNames) throw new Refusal('NoNames', 'The certificate would hold no name at all');
  // RFC 5280 4.1.2.4 and 4.1.2.6: who is an issuer must have a name.
  const needsSubject = subjectEmpty && (request.isCA || !ca);
  const subject = needsSubject ? writeName({}, nameFor(request, subjectKeyId)) : given;
  const body = sequence(
    VERSION_3,
    serialNumber(request.serial),
    signsWith(authority.signer.kind).identifier,
    ca?.subject ?? subject,
    sequence(time(millis(request.notBefore)), time(millis(request.notAfter))),
    subject,
    request.publicKey,
    explicit(
      3,
      certificateExtensions({
        ...request,
        subjectKeyId,
        authorityKeyId: ca ? keyIdOf(ca, authority.signer) : subjectKeyId,
        alternativeNames,
        subjectEmpty: subjectEmpty && !needsSubject,
      }),
    ),
  );
  return toPem('CERTIFICATE', await signed(body, authority.signer));
}

function issuerFor(request: SigningRequest, signer: KeySigner, pem: string): ReadCertificate {
  const ca = readCertificates(pem)[0]!;
  if (!ca.facts.isCA || !ca.maySign) {
    throw new Refusal('IssuerNotCA', `The certificate of ${ca.facts.subjectDN} must not sign certificates`, {
      remedy: 'Name a Certificate with isCA: true as the issuer',
    });
  }
  if (request.isCA && ca.pathLength === 0) {
    throw new Refusal('IssuerNotCA', `The CA ${ca.facts.subjectDN} must not sign other CAs (path length 0)`);
  }
  if (ca.facts.publicKeyHash !== publicKeyHash(signer.publicKey)) {
    throw new Refusal('IssuerKeyMismatch', `The signing key is not the key of ${ca.facts.subjectDN}`);
  }
  if (request.notAfter > ca.facts.notAfter) {
    throw new Refusal('IssuerOutlived', `The certificate would outlive its CA, which ends at ${ca.facts.notAfter}`);
  }
  return ca;
}

const keyIdOf = (ca: ReadCertificate, signer: KeySigner): Buffer =>
  ca.facts.subjectKeyId === undefined ? keyIdentifier(signer.publicKey) : Buffer.from(ca.facts.subjectKeyId, 'hex');

const MAX_COMMON_NAME = 64;

/** The first name that fits a common name; otherwise the key's identifier. */
function nameFor(request: SigningRequest, subjectKeyId: Buffer): string {
  const names = [...request.dnsNames, ...request.ipAddresses, ...request.uris, ...request.emailAddresses];
  return names.find((name) => name.length <= MAX_COMMON_NAME) ?? subjectKeyId.toString('hex');
}

function serialNumber(hex: string): Buffer {
  const octets = /^(?:[0-9a-f]{2})+$/.test(hex) ? Buffer.from(hex, 'hex') : Buffer.alloc(0);
  const encoded = integer(octets);
  if (octets.every((octet) => octet === 0) || encoded.length - 2 > MAX_SERIAL_OCTETS) {
    throw new Refusal('InvalidSerial', 'A serial number is a positive number of at most 20 octets, in lower-case hex');
  }
  return encoded;
}
