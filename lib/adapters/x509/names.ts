import { quoted } from '../../domain/quoted.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { RequestedNames } from '../../ports/x509.ts';
import { implicit, sequence } from './der.ts';
import { ascii, type Element, Members } from './derReader.ts';
import { ipOctets, ipText } from './ip.ts';

/** Names of a SubjectAltName, by kind. */
export type AlternativeNames = Pick<RequestedNames, 'dnsNames' | 'ipAddresses' | 'uris' | 'emailAddresses'>;

/** GeneralName's context tags (RFC 5280 4.2.1.6). */
const KIND = { email: 1, dns: 2, uri: 6, ip: 7 } as const;

/** GeneralNames, or undefined when there is not one. @throws Refusal `InvalidName` */
export function writeNames(names: AlternativeNames): Buffer | undefined {
  const all = [
    ...names.dnsNames.map((name) => implicit(KIND.dns, ia5(name))),
    ...names.ipAddresses.map((address) => implicit(KIND.ip, octetsOf(address))),
    ...names.uris.map((uri) => implicit(KIND.uri, ia5(uri))),
    ...names.emailAddresses.map((address) => implicit(KIND.email, ia5(address))),
  ];
  return all.length > 0 ? sequence(...all) : undefined;
}

function ia5(name: string): Buffer {
  if (!/^[\x21-\x7e]+$/.test(name)) {
    throw new Refusal('InvalidName', `The name ${quoted(name)} is empty or not ASCII without spaces`);
  }
  return Buffer.from(name, 'latin1');
}

function octetsOf(address: string): Buffer {
  const octets = ipOctets(address);
  if (!octets) throw new Refusal('InvalidName', `${quoted(address)} is not an IP address`);
  return octets;
}

/** Names read, and the tags of those of other kinds (otherName, directoryName...). */
export interface ReadNames extends AlternativeNames {
  readonly others: readonly number[];
}

/** Reads GeneralNames. DNS names come in lower case. @throws DerError */
export function readNames(generalNames: Element | undefined): ReadNames {
  const found = { dnsNames: [] as string[], ipAddresses: [] as string[], uris: [] as string[] };
  const emailAddresses: string[] = [];
  const others: number[] = [];
  for (const { tag, contents } of generalNames ? new Members(generalNames).rest() : []) {
    const address = tag === (0x80 | KIND.ip) ? ipText(contents) : undefined;
    if (address) found.ipAddresses.push(address);
    else if (tag === (0x80 | KIND.dns)) found.dnsNames.push(ascii(contents).toLowerCase());
    else if (tag === (0x80 | KIND.uri)) found.uris.push(ascii(contents));
    else if (tag === (0x80 | KIND.email)) emailAddresses.push(ascii(contents));
    else others.push(tag);
  }
  return { ...found, emailAddresses, others };
}
