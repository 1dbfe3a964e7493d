import { Refusal } from '../../domain/refusal.ts';
import type { Subject } from '../../domain/spec.ts';
import { element, oid, sequence, setOf, TAG } from './der.ts';
import { type Element, Members, oidText, text } from './derReader.ts';

/** A subject attribute: our word, its OID, its short name in RFC 4514 strings, and the longest value (RFC 5280 A.1). */
interface Attribute {
  readonly word: 'commonName' | keyof Subject;
  readonly oid: string;
  readonly short: string;
  readonly max: number;
  /** PrintableString is required (RFC 5280 A.1); the others are UTF8String. */
  readonly printable?: true;
}

/** In the order in which a name is written, from the widest to the narrowest. */
const ATTRIBUTES: readonly Attribute[] = [
  { word: 'countries', oid: '2.5.4.6', short: 'C', max: 2, printable: true },
  { word: 'provinces', oid: '2.5.4.8', short: 'ST', max: 128 },
  { word: 'localities', oid: '2.5.4.7', short: 'L', max: 128 },
  { word: 'postalCodes', oid: '2.5.4.17', short: 'postalCode', max: 40 },
  { word: 'streetAddresses', oid: '2.5.4.9', short: 'STREET', max: 128 },
  { word: 'organizations', oid: '2.5.4.10', short: 'O', max: 64 },
  { word: 'organizationalUnits', oid: '2.5.4.11', short: 'OU', max: 64 },
  { word: 'commonName', oid: '2.5.4.3', short: 'CN', max: 64 },
  { word: 'serialNumber', oid: '2.5.4.5', short: 'serialNumber', max: 64, printable: true },
];

/** Attributes that others write, named when shown. */
const OTHERS: Readonly<Record<string, string>> = {
  '0.9.2342.19200300.100.1.25': 'DC',
  '0.9.2342.19200300.100.1.1': 'UID',
};

const PRINTABLE = /^[A-Za-z0-9 '()+,./:=?-]*$/;

/** A Name (RFC 5280 4.1.2.4), one attribute a relative name. @throws Refusal `InvalidSubject` */
export function writeName(subject: Subject = {}, commonName?: string): Buffer {
  const all = { ...subject, commonName };
  return sequence(
    ...ATTRIBUTES.flatMap((attribute) => [all[attribute.word] ?? []].flat().map((value) => relative(attribute, value))),
  );
}

function relative({ oid: dotted, short, max, printable }: Attribute, value: string): Buffer {
  const length = [...value].length;
  if (length < 1 || length > max) {
    throw new Refusal('InvalidSubject', `The subject's ${short} has ${length} characters; 1 to ${max} are allowed`);
  }
  if (printable && !PRINTABLE.test(value)) {
    throw new Refusal('InvalidSubject', `The subject's ${short} has a character that a PrintableString cannot hold`);
  }
  const encoded = element(printable ? TAG.printableString : TAG.utf8String, Buffer.from(value, 'utf8'));
  return setOf(sequence(oid(dotted), encoded));
}

/** A name as read: every common name, the attributes that have a word of ours, and its RFC 4514 string. */
export interface NameFacts {
  readonly commonNames: readonly string[];
  readonly subject?: Subject;
  readonly dn: string;
}

/** Reads a Name. @throws DerError */
export function readName(name: Element): NameFacts {
  const relatives: string[] = [];
  const values: Partial<Record<Attribute['word'], string[]>> = {};
  const names = new Members(name);
  while (!names.done) {
    const pairs = new Members(names.take(TAG.set));
    const shown: string[] = [];
    while (!pairs.done) shown.push(readAttribute(pairs.take(TAG.sequence), values));
    // The order within a relative name says nothing (RFC 4514 2.2); this one is openssl's.
    relatives.push(shown.reverse().join('+'));
  }
  const { commonName: commonNames = [], serialNumber, ...lists } = values;
  const subject: Subject = { ...lists, ...(serialNumber && { serialNumber: serialNumber[0] }) };
  return {
    commonNames,
    ...(Object.keys(subject).length > 0 && { subject }),
    dn: relatives.reverse().join(','),
  };
}

/** Puts the value to its word, and answers the pair as RFC 4514 2.3 shows it. */
function readAttribute(pair: Element, values: Partial<Record<Attribute['word'], string[]>>): string {
  const members = new Members(pair);
  const dotted = oidText(members.take(TAG.oid));
  const value = members.next();
  members.end();
  const known = ATTRIBUTES.find((attribute) => attribute.oid === dotted);
  const short = known?.short ?? OTHERS[dotted];
  const plain = text(value);
  if (short === undefined || plain === undefined) return `${dotted}=#${value.whole.toString('hex')}`;
  if (known) values[known.word] = [...(values[known.word] ?? []), plain];
  return `${short}=${escaped(plain)}`;
}

/** RFC 4514 2.4. */
const escaped = (value: string): string =>
  value.replace(/["+,;<>\\]|^[ #]| $|\0/g, (character) => (character === '\0' ? '\\00' : `\\${character}`));
