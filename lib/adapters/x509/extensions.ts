import { createHash } from 'node:crypto';
import type { KeyKind } from '../../domain/spec.ts';
import { implicit, namedBits, octetString, oid, sequence, TAG, TRUE } from './der.ts';
import { bitStringOctets, DerError, type Element, Members, oidText, whole } from './derReader.ts';
import { refusing } from './refusing.ts';
import { usageExtensions } from './usages.ts';

/** OIDs of the extensions that are written or read (RFC 5280 4.2.1). */
export const EXTENSION = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** One Extension, DER. */
export const extension = (id: string, critical: boolean, value: Uint8Array): Buffer =>
  critical ? sequence(oid(id), TRUE, octetString(value)) : sequence(oid(id), octetString(value));

/** A key's identifier: the leftmost 160 bits of SHA-256 over the key's bits (RFC 7093 section 2, method 1). @throws Refusal `InvalidKey` */
export function keyIdentifier(spki: Uint8Array): Buffer {
  const bits = refusing('InvalidKey', 'The public key', () => {
    const members = new Members(whole(spki, TAG.sequence));
    members.take(TAG.sequence);
    return bitStringOctets(members.take(TAG.bitString));
  });
  return createHash('sha256').update(bits).digest().subarray(0, 20);
}

/** What a certificate's extensions are made from. */
export interface ExtensionInput {
  readonly keyKind: KeyKind;
  readonly isCA: boolean;
  readonly usages: readonly string[];
  readonly subjectKeyId: Uint8Array;
  readonly authorityKeyId: Uint8Array;
  /** GeneralNames, DER. */
  readonly alternativeNames: Uint8Array | undefined;
  /** The SAN is critical where it is the only name (RFC 5280 4.2.1.6). */
  readonly subjectEmpty: boolean;
}

/** The extensions of a certificate of ours, as RFC 5280 4.2 asks, in the order of the RFC's profile of a leaf. */
export function certificateExtensions(input: ExtensionInput): Buffer {
  const { keyUsage, extended } = usageExtensions(input.usages, input.keyKind, input.isCA);
  const all = [
    extension(EXTENSION.keyUsage, true, namedBits(keyUsage)),
    extended.length > 0 && extension(EXTENSION.extendedKeyUsage, false, sequence(...extended.map(oid))),
    extension(EXTENSION.basicConstraints, true, input.isCA ? sequence(TRUE) : sequence()),
    extension(EXTENSION.subjectKeyId, false, octetString(input.subjectKeyId)),
    extension(EXTENSION.authorityKeyId, false, sequence(implicit(0, input.authorityKeyId))),
    input.alternativeNames && extension(EXTENSION.subjectAltName, input.subjectEmpty, input.alternativeNames),
  ];
  return sequence(...all.filter((each) => each instanceof Uint8Array));
}

/** The values of an Extensions sequence by OID. @throws DerError also when one appears twice (RFC 5280 4.2) */
export function readExtensions(extensions: Element): ReadonlyMap<string, Buffer> {
  const values = new Map<string, Buffer>();
  const members = new Members(extensions);
  while (!members.done) {
    const parts = new Members(members.take(TAG.sequence));
    const id = oidText(parts.take(TAG.oid));
    parts.optional(TAG.boolean);
    if (values.has(id)) throw new DerError(`the extension ${id} stands twice`);
    values.set(id, parts.take(TAG.octetString).contents);
    parts.end();
  }
  return values;
}
