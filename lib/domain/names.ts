import { getDomain, parse } from 'tldts';
import { toASCII } from 'tr46';
import { parseIp } from './ip.ts';
import { quoted } from './quoted.ts';
import { Refusal } from './refusal.ts';

/** RFC 1035 3.1: 255 octets on the wire are 253 characters. */
const LONGEST_NAME = 253;
const LONGEST_LABEL = 63;
/** More than any name can need before it becomes A-labels; longer input is not worth converting. */
const LONGEST_INPUT = 1000;

/**
 * A name of `dnsNames` in its one normal form: lower case, Unicode as A-labels (UTS 46, non-transitional), a wildcard kept as `*.`.
 * Single labels pass: an internal CA may certify them ({@link publicNameProblem} is for public ones).
 * @throws Refusal with the code of what is wrong (see the messages below) and `field`
 */
export function normalizeDnsName(text: string, field: string): string {
  const refuse = (code: string, what: string, remedy?: string): never => {
    throw new Refusal(code, `${quoted(text)} ${what}`, { field, ...(remedy && { remedy }) });
  };
  if (text === '') refuse('EmptyName', 'is an empty name', 'remove the entry');
  if (text.length > LONGEST_INPUT) refuse('NameTooLong', `is longer than ${LONGEST_NAME} characters`);
  if (parseIp(text.replace(/^\[(.*)\]$/, '$1')) !== undefined) {
    refuse('IpInDnsNames', 'is an IP address', 'put it into ipAddresses');
  }
  const wildcard = text.startsWith('*.');
  const rest = wildcard ? text.slice(2) : text;
  if (rest.includes('*')) {
    refuse('WildcardMisplaced', 'has a wildcard that is not its whole first label', 'write it as *.example.com');
  }
  if (rest === '') refuse('WildcardMisplaced', 'has a wildcard and nothing after it', 'write it as *.example.com');
  const ascii = toAscii(rest) ?? refuse('InvalidName', 'is not a valid internationalised name (UTS 46)');
  const problem = labelsProblem(ascii);
  if (problem) refuse(...problem);
  const normal = wildcard ? `*.${ascii}` : ascii;
  if (normal.length > LONGEST_NAME) refuse('NameTooLong', `is longer than ${LONGEST_NAME} characters`);
  return normal;
}

/** UTS 46 4.2 ToASCII; characters and lengths are judged afterwards, with a message each. */
const toAscii = (name: string): string | null =>
  toASCII(name, { checkBidi: true, checkJoiners: true, checkHyphens: false, transitionalProcessing: false });

/** What is wrong with a name in A-labels, as code, words and remedy. */
function labelsProblem(ascii: string): [code: string, what: string, remedy?: string] | undefined {
  const labels = ascii.split('.');
  if (labels.length > 1 && labels.at(-1) === '' && !labels.slice(0, -1).includes('')) {
    return ['TrailingDot', 'ends with a dot', 'write it without the dot: names here are always whole'];
  }
  if (labels.includes('')) return ['EmptyLabel', 'has an empty label', 'remove the superfluous dot'];
  const long = labels.find((label) => label.length > LONGEST_LABEL);
  if (long) return ['LabelTooLong', `has a label longer than ${LONGEST_LABEL} characters: ${quoted(long)}`];
  if (ascii.includes('_')) {
    return ['UnderscoreInName', 'has an underscore, which no host name may have', 'use a hyphen in its place'];
  }
  const strange = /[^a-z0-9.-]/.exec(ascii);
  if (strange) return ['InvalidName', `has a character that no name may have: ${quoted(strange[0])}`];
  if (labels.some((label) => label.startsWith('-') || label.endsWith('-'))) {
    return ['InvalidName', 'has a label that begins or ends with a hyphen'];
  }
  if (/^\d+$/.test(labels.at(-1)!)) return ['InvalidName', 'ends with a number, as only IP addresses do'];
  return undefined;
}

/**
 * Whether a text is a DNS name in its normal form, as {@link normalizeDnsName} answers it. What an A-label stands for is not looked at, which would
 * need the tables of UTS 46: it reads as a host name, whatever it decodes to.
 */
export function isNormalDnsName(text: string): boolean {
  const bare = withoutWildcard(text);
  return text.length <= LONGEST_NAME && parseIp(bare) === undefined && labelsProblem(bare) === undefined;
}

/** The name without its wildcard label. */
export const withoutWildcard = (name: string): string => (name.startsWith('*.') ? name.slice(2) : name);

/**
 * Why no ACME CA would certify this name: it is a public suffix (`co.uk`, also as `*.co.uk`) or a single label. Reserved names such as
 * `example.test` pass: a private ACME CA certifies them. Suffixes of the list's private section (`github.io`) have owners, and pass.
 * @param name as {@link normalizeDnsName} answered
 * @returns code and message, or undefined when nothing is wrong
 */
export function publicNameProblem(name: string): { readonly code: string; readonly message: string } | undefined {
  const bare = withoutWildcard(name);
  const { isIcann, publicSuffix } = parse(bare, { allowPrivateDomains: false });
  if (isIcann && publicSuffix === bare) {
    return { code: 'PublicSuffixAlone', message: `${quoted(name)} is a public suffix: no one holds all of it` };
  }
  if (!bare.includes('.')) {
    return { code: 'SingleLabel', message: `${quoted(name)} has one label: only an internal CA certifies such names` };
  }
  return undefined;
}

/**
 * The registered domain that a name belongs to (`example.co.uk` of `*.app.example.co.uk`), by the public suffix list with its private
 * section, as CAs count their limits. A name that is itself a suffix stands for itself.
 * @param name as {@link normalizeDnsName} answered
 */
export function registeredDomain(name: string): string {
  const bare = withoutWildcard(name);
  return getDomain(bare, { allowPrivateDomains: true }) ?? bare;
}
