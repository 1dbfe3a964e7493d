import { fieldOf } from '../../domain/fieldPath.ts';
import type { Findings } from '../../domain/inputInvalid.ts';
import { normalizeIp, parseIp } from '../../domain/ip.ts';
import { normalizeDnsName } from '../../domain/names.ts';
import { quoted } from '../../domain/quoted.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { CertificateSpec } from '../../domain/spec.ts';
import type { CertificateSpecInput } from './certificate.ts';

type Names = Pick<CertificateSpec, 'commonName' | 'dnsNames' | 'ipAddresses' | 'uris' | 'emailAddresses'>;

/** The most that a public CA takes. */
const MOST_NAMES = 100;
/** RFC 5280 appendix A, ub-common-name. */
const LONGEST_COMMON_NAME = 64;

type NamesInput = Partial<Names> & Pick<CertificateSpecInput, 'isCA' | 'request'>;

/** The names a certificate is for, each normal. What is wrong goes to `findings`. */
export function normalizeNames(input: NamesInput, at: string, findings: Findings): Names {
  const read = (member: 'dnsNames' | 'ipAddresses' | 'uris' | 'emailAddresses', normalize: Normalize) =>
    normalizeList(input[member] ?? [], normalize, fieldOf(at, member), findings);
  const names = {
    dnsNames: read('dnsNames', normalizeDnsName),
    ipAddresses: read('ipAddresses', normalizeIp),
    uris: read('uris', normalizeUri),
    emailAddresses: read('emailAddresses', normalizeEmail),
  };
  const { commonName: text } = input;
  const commonName =
    text && findings.attempt(() => normalizeCommonName(text, names.dnsNames, fieldOf(at, 'commonName')));
  const whole = commonName ? { commonName, ...withCommonName(names, commonName, input.isCA ?? false) } : names;
  checkCount(input, whole, fieldOf(at, 'dnsNames'), findings);
  return whole;
}

function checkCount(input: NamesInput, names: Names, field: string, findings: Findings): void {
  const lists = [names.dnsNames, names.ipAddresses, names.uris, names.emailAddresses];
  const count = lists.reduce((sum, list) => sum + list.length, 0);
  if (count > MOST_NAMES) {
    const message = `makes ${count} names in all; ${MOST_NAMES} are the most`;
    findings.add(field, 'TooManyNames', message, 'split it into several certificates');
  }
  if (!namesSomething(input) && !input.request) {
    const remedy = 'add dnsNames, ipAddresses, uris or emailAddresses';
    findings.add(field, 'NoNames', 'the certificate is for no name at all', remedy);
  }
}

/** Whether a spec says any name itself. Where it says none, those of its certificate request count. */
export const namesSomething = (spec: Partial<Names>): boolean =>
  [spec.commonName, spec.dnsNames, spec.ipAddresses, spec.uris, spec.emailAddresses].some((list) => list?.length);

/**
 * A host name or an address that is the common name of a leaf is among its names too: clients and public CAs read only those. cert-manager
 * leaves it, and its ACME orders then fail.
 */
function withCommonName(names: Names, commonName: string, isCA: boolean): Names {
  const { dnsNames, ipAddresses } = names;
  if (isCA) return names;
  if (isHostName(commonName) && !dnsNames.includes(commonName))
    return { ...names, dnsNames: [...dnsNames, commonName] };
  if (parseIp(commonName) !== undefined && !ipAddresses.includes(commonName)) {
    return { ...names, ipAddresses: [...ipAddresses, commonName] };
  }
  return names;
}

type Normalize = (text: string, field: string) => string;

function normalizeList(texts: readonly string[], normalize: Normalize, field: string, findings: Findings): string[] {
  const seen = new Map<string, number>();
  texts.forEach((text, index) => {
    const place = fieldOf(field, index);
    const normal = findings.attempt(() => normalize(text, place));
    if (normal === undefined) return;
    const first = seen.get(normal);
    if (first === undefined) seen.set(normal, index);
    else
      findings.add(place, 'DuplicateName', `${quoted(text)} is the same name as entry ${first}`, 'remove one of them');
  });
  return [...seen.keys()];
}

/** A common name that is to be read as a host name has a dot; `payments` and `Payments Root CA` are texts. */
const isHostName = (commonName: string): boolean => commonName.includes('.') && isDnsName(commonName);

function isDnsName(text: string): boolean {
  try {
    normalizeDnsName(text, '');
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** A host name or an address takes its normal form, so that it equals its entry among the names; any other text stays as it is. */
function normalizeCommonName(text: string, dnsNames: readonly string[], field: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  if (/[\u0000-\u001f\u007f]/.test(text) || !text.isWellFormed() || text.trim() !== text) {
    throw new Refusal('InvalidCommonName', 'has control characters, or blanks at an end', { field });
  }
  const normal = normalHost(text, dnsNames, field) ?? parseIp(text) ?? text;
  if ([...normal].length > LONGEST_COMMON_NAME) {
    throw new Refusal('CommonNameTooLong', `has more than ${LONGEST_COMMON_NAME} characters`, {
      field,
      remedy: 'leave it out: clients read the other names',
    });
  }
  return normal;
}

function normalHost(text: string, dnsNames: readonly string[], field: string): string | undefined {
  if (isHostName(text)) return normalizeDnsName(text, field);
  const lower = text.toLowerCase();
  return dnsNames.includes(lower) ? lower : undefined;
}

/** RFC 5280 4.2.1.6: an absolute URI. Kept as written, since readers compare SPIFFE ids as texts. */
function normalizeUri(text: string, field: string): string {
  if (/^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i.test(text) && text.length <= 2048 && URL.canParse(text)) return text;
  throw new Refusal('InvalidUri', `${quoted(text)} is not an absolute URI`, { field });
}

/** RFC 5321 mailbox in its common form; the domain is lowered. */
function normalizeEmail(text: string, field: string): string {
  const [, local, domain] = /^([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64})@([^@]+)$/.exec(text) ?? [];
  if (local && domain && !domain.includes('*') && isDnsName(domain))
    return `${local}@${normalizeDnsName(domain, field)}`;
  throw new Refusal('InvalidEmail', `${quoted(text)} is not a mail address`, {
    field,
    remedy: 'write the address alone, without a display name',
  });
}
