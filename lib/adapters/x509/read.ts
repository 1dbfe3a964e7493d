import { createHash, X509Certificate } from 'node:crypto';
import { Refusal } from '../../domain/refusal.ts';
import { instant } from '../../domain/time.ts';
import type { CertificateFacts } from '../../ports/x509.ts';
import { TAG } from './der.ts';
import { DerError, type Element, integerOctets, Members, timeMillis, whole } from './derReader.ts';
import { readName } from './distinguishedName.ts';
import { EXTENSION, readExtensions } from './extensions.ts';
import { publicKeyHash } from './keys.ts';
import { readNames } from './names.ts';
import { pemBlocks, toPem } from './pem.ts';
import { refusing } from './refusing.ts';

/** A certificate as read, with what only signing and verifying need. */
export interface ReadCertificate {
  readonly facts: CertificateFacts;
  readonly native: X509Certificate;
  /** Names as they are encoded: a chain links where issuer and subject are equal octets. */
  readonly subject: Buffer;
  readonly issuer: Buffer;
  /** Whether the key usage allows to sign certificates; a certificate without the extension may. */
  readonly maySign: boolean;
  /** How many CAs may stand below; undefined is any number. */
  readonly pathLength: number | undefined;
}

/**
 * Every certificate of a PEM bundle, in its order. Text between blocks and blocks of other kinds are passed over.
 * @throws Refusal `InvalidCertificate` when one does not parse, or there is none
 */
export function readCertificates(pem: string): ReadCertificate[] {
  const certificates = pemBlocks(pem, 'InvalidCertificate').filter(({ label }) => label === 'CERTIFICATE');
  if (certificates.length === 0) throw new Refusal('InvalidCertificate', 'There is no PEM block CERTIFICATE');
  return certificates.map(({ der }) => readOnce(der));
}

/** A chain is read by whoever checks it, records it and delivers it, and its CAs with every certificate that they sign. */
const KEPT = 16;
const kept = new Map<string, ReadCertificate>();

function readOnce(der: Buffer): ReadCertificate {
  const key = der.toString('latin1');
  const known = kept.get(key);
  const read =
    known ?? refusing('InvalidCertificate', 'The certificate', () => readCertificate(der, nativeCertificate(der)));
  kept.delete(key);
  kept.set(key, read);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value as string);
  return read;
}

function nativeCertificate(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch {
    throw new DerError('it is no X.509 certificate');
  }
}

function readCertificate(der: Buffer, native: X509Certificate): ReadCertificate {
  const certificate = new Members(whole(der, TAG.sequence));
  const parts = new Members(certificate.take(TAG.sequence));
  parts.optional(0xa0); // version
  const serial = integerOctets(parts.take(TAG.integer));
  parts.take(TAG.sequence); // signature algorithm
  const issuer = parts.take(TAG.sequence);
  const validity = new Members(parts.take(TAG.sequence));
  const subject = parts.take(TAG.sequence);
  const spki = parts.take(TAG.sequence).whole;
  parts.optional(0x81); // issuerUniqueID
  parts.optional(0x82); // subjectUniqueID
  const extensions = extensionsOf(parts.optional(0xa3));
  const { commonNames, subject: attributes, dn } = readName(subject);
  const { others: _, ...names } = readNames(inside(extensions.get(EXTENSION.subjectAltName), TAG.sequence));
  const commonName = commonNames.at(-1);
  const constraints = basicConstraints(extensions);
  return {
    facts: {
      ...(commonName !== undefined && { commonName }),
      ...(attributes && { subject: attributes }),
      ...names,
      pem: toPem('CERTIFICATE', der),
      serial: serial.toString('hex'),
      fingerprint: createHash('sha256').update(der).digest('hex'),
      notBefore: instant(timeMillis(validity.next())),
      notAfter: instant(timeMillis(validity.next())),
      isCA: constraints.isCA,
      publicKeyHash: publicKeyHash(spki),
      ...keyIdentifiers(extensions),
      subjectDN: dn,
      issuerDN: readName(issuer).dn,
    },
    native,
    subject: subject.whole,
    issuer: issuer.whole,
    maySign: mayKeySign(extensions),
    pathLength: constraints.pathLength,
  };
}

type Extensions = ReadonlyMap<string, Buffer>;

function extensionsOf(tagged: Element | undefined): Extensions {
  return tagged ? readExtensions(whole(tagged.contents, TAG.sequence)) : new Map();
}

const inside = (value: Buffer | undefined, tag: number): Element | undefined => value && whole(value, tag);

function keyIdentifiers(extensions: Extensions): Pick<CertificateFacts, 'subjectKeyId' | 'authorityKeyId'> {
  const subject = inside(extensions.get(EXTENSION.subjectKeyId), TAG.octetString);
  const authority = inside(extensions.get(EXTENSION.authorityKeyId), TAG.sequence);
  const keyId = authority && new Members(authority).optional(0x80);
  return {
    ...(keyId && { authorityKeyId: keyId.contents.toString('hex') }),
    ...(subject && { subjectKeyId: subject.contents.toString('hex') }),
  };
}

function basicConstraints(extensions: Extensions): { isCA: boolean; pathLength: number | undefined } {
  const value = inside(extensions.get(EXTENSION.basicConstraints), TAG.sequence);
  if (!value) return { isCA: false, pathLength: undefined };
  const members = new Members(value);
  const isCA = members.optional(TAG.boolean)?.contents[0] === 0xff;
  const length = members.optional(TAG.integer);
  return { isCA, pathLength: length && Number.parseInt(integerOctets(length).toString('hex'), 16) };
}

const KEY_CERT_SIGN = 0x04;

function mayKeySign(extensions: Extensions): boolean {
  const bits = inside(extensions.get(EXTENSION.keyUsage), TAG.bitString);
  return !bits || ((bits.contents[1] ?? 0) & KEY_CERT_SIGN) !== 0;
}
