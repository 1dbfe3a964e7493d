import { type KeyObject, verify } from 'node:crypto';
import { Refusal } from '../../domain/refusal.ts';
import type { KeyKind } from '../../domain/spec.ts';
import type { KeySigner } from '../../ports/keySigner.ts';
import type { CsrFacts, RequestedNames } from '../../ports/x509.ts';
import { publicKey, signatureAlgorithm } from './algorithms.ts';
import { explicit, integer, oid, sequence, setOf, TAG } from './der.ts';
import { bitStringOctets, DerError, type Element, integerOctets, Members, oidText, view, whole } from './derReader.ts';
import { readName, writeName } from './distinguishedName.ts';
import { EXTENSION, extension, readExtensions } from './extensions.ts';
import { publicKeyHash } from './keys.ts';
import { readNames, writeNames } from './names.ts';
import { pemBlocks } from './pem.ts';
import { refusing } from './refusing.ts';
import { signed } from './signed.ts';

/** The attribute that carries wished extensions (RFC 2985 5.4.2). */
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const VERSION_1 = Buffer.of(0);

/** A PKCS#10 request (RFC 2986), DER: the subject that was given and the names as SAN, critical when it is the only name. */
export function createCsr(names: RequestedNames, signer: KeySigner): Promise<Buffer> {
  const alternative = writeNames(names);
  const subject = writeName(names.subject, names.commonName);
  const subjectEmpty = subject.equals(writeName());
  const attributes = alternative && [
    sequence(oid(EXTENSION_REQUEST), setOf(sequence(extension(EXTENSION.subjectAltName, subjectEmpty, alternative)))),
  ];
  const body = sequence(integer(VERSION_1), subject, signer.publicKey, explicit(0, ...(attributes ?? [])));
  return signed(body, signer);
}

/** What a request says, with its key and its DER. */
export type ReadCsr = CsrFacts & { readonly publicKey: Uint8Array; readonly der: Uint8Array };

/**
 * Reads a request, PEM or DER, and verifies its own signature.
 * @throws Refusal `InvalidCsr` (does not parse), `WeakKey`, `CsrSignatureInvalid`
 */
export function readCsr(csr: string | Uint8Array): ReadCsr {
  const der = requestBytes(csr);
  return refusing('InvalidCsr', 'The certificate request', () => readRequest(der));
}

function requestBytes(csr: string | Uint8Array): Buffer {
  if (typeof csr !== 'string' && csr[0] === TAG.sequence) return view(csr);
  const text = typeof csr === 'string' ? csr : view(csr).toString('latin1');
  const requests = pemBlocks(text, 'InvalidCsr').filter(({ label }) => /^(NEW )?CERTIFICATE REQUEST$/.test(label));
  const [request] = requests;
  if (request && requests.length === 1) return request.der;
  throw new Refusal('InvalidCsr', `There are ${requests.length} PEM blocks CERTIFICATE REQUEST; one is needed`, {
    remedy: 'Send one request as PEM, as `openssl req -new` writes it',
  });
}

function readRequest(der: Buffer): ReadCsr {
  const request = new Members(whole(der, TAG.sequence));
  const body = request.take(TAG.sequence);
  const signature = { algorithm: request.take(TAG.sequence), value: request.take(TAG.bitString) };
  request.end();
  const parts = new Members(body);
  if (!integerOctets(parts.take(TAG.integer)).equals(VERSION_1)) throw new DerError('its version is not 1');
  const { commonNames, subject } = readName(parts.take(TAG.sequence));
  if (commonNames.length > 1) throw new DerError('its subject has more than one common name');
  const spki = parts.take(TAG.sequence).whole;
  const { others, ...names } = wishedNames(parts.optional(0xa0));
  parts.end();
  if (others.length > 0) throw new DerError('it asks for a name that is no DNS name, IP address, URI or email address');
  const { key, kind: keyKind } = publicKey(spki, 'InvalidCsr');
  if (!verifies(body.whole, signature, key, keyKind)) throw unsigned('it was not made with the key in the request');
  const [commonName] = commonNames;
  return {
    ...(commonName !== undefined && { commonName }),
    ...(subject && { subject }),
    ...names,
    keyKind,
    publicKeyHash: publicKeyHash(spki),
    publicKey: spki,
    der,
  };
}

function wishedNames(attributes: Element | undefined): ReturnType<typeof readNames> {
  let found: ReturnType<typeof readNames> | undefined;
  for (const attribute of attributes ? new Members(attributes).rest() : []) {
    const parts = new Members(attribute);
    if (oidText(parts.take(TAG.oid)) !== EXTENSION_REQUEST) continue;
    if (found) throw new DerError('its extensions stand twice');
    const values = new Members(parts.take(TAG.set));
    const names = readExtensions(values.take(TAG.sequence)).get(EXTENSION.subjectAltName);
    values.end();
    found = readNames(names && whole(names, TAG.sequence));
  }
  return found ?? readNames(undefined);
}

function verifies(
  body: Buffer,
  signature: { algorithm: Element; value: Element },
  key: KeyObject,
  kind: KeyKind,
): boolean {
  const id = oidText(new Members(signature.algorithm).take(TAG.oid));
  const algorithm = signatureAlgorithm(id);
  if (!algorithm) throw unsigned(`its algorithm ${id} is not accepted`);
  if (algorithm.algorithm !== kind.algorithm) return false;
  const hash = algorithm.algorithm === 'Ed25519' ? null : algorithm.hash;
  return verify(hash, body, key, bitStringOctets(signature.value));
}

const unsigned = (reason: string): Refusal =>
  new Refusal('CsrSignatureInvalid', `The request's signature is refused: ${reason}`);
