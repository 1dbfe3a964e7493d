import { globMatches } from './glob.ts';
import { ipInRange, parseIp, parseIpRange } from './ip.ts';
import { isNormalDnsName, normalizeDnsName, withoutWildcard } from './names.ts';
import { quoted } from './quoted.ts';
import { Refusal } from './refusal.ts';
import type { CertificateSpec } from './spec.ts';

/** A name that a certificate would speak for, and where in the input it stands. */
export interface NamedValue {
  readonly kind: 'dns' | 'ip' | 'uri' | 'email' | 'text';
  readonly value: string;
  readonly field: string;
}

/** Every name of a spec that a policy judges. */
export function namesOf(spec: CertificateSpec, at: string): NamedValue[] {
  const list = (kind: NamedValue['kind'], member: 'dnsNames' | 'ipAddresses' | 'uris' | 'emailAddresses') =>
    spec[member].map((value, index): NamedValue => ({ kind, value, field: `${at}.${member}[${index}]` }));
  return [
    ...list('dns', 'dnsNames'),
    ...list('ip', 'ipAddresses'),
    ...list('uri', 'uris'),
    ...list('email', 'emailAddresses'),
    ...commonNameOf(spec, at),
  ];
}

/**
 * A common name that repeats another name is judged there. One that reads as a host name or an address is judged as such. Any other text
 * says who a client is to whoever trusts the issuer (`CN=system:admin`); a team's own issuer is trusted by nobody else, and may sign it.
 */
function commonNameOf({ commonName, dnsNames, ipAddresses, issuerRef }: CertificateSpec, at: string): NamedValue[] {
  if (commonName === undefined || dnsNames.includes(commonName) || ipAddresses.includes(commonName)) return [];
  const named = { value: commonName, field: `${at}.commonName` };
  if (parseIp(commonName) !== undefined) return [{ kind: 'ip', ...named }];
  if (commonName.includes('.') && isNormalDnsName(commonName)) return [{ kind: 'dns', ...named }];
  return issuerRef.kind === 'ClusterIssuer' ? [{ kind: 'text', ...named }] : [];
}

const ANY_DEPTH = '**.';
const COMMON_NAME = 'CN=';

/** Whether one pattern of a policy (as {@link normalizeNamePattern} answered) covers a name. See TeamPolicy.names for the notation. */
export function nameAllowed(pattern: string, { kind, value }: NamedValue): boolean {
  if (pattern === '**') return true;
  if (kind === 'dns') return dnsAllowed(pattern, value);
  if (kind === 'text') return textAllowed(pattern, value);
  const range = parseIpRange(pattern);
  if (kind === 'ip') return range !== undefined && ipInRange(value, range);
  if (range !== undefined || pattern.startsWith(COMMON_NAME)) return false;
  const sameKind = kind === 'uri' ? isUriPattern(pattern) : isEmailPattern(pattern);
  return sameKind && globMatches(pattern, value);
}

const textAllowed = (pattern: string, text: string): boolean =>
  pattern.startsWith(COMMON_NAME) ? globMatches(pattern.slice(COMMON_NAME.length), text) : pattern === text;

/** A wildcard name is covered like the names that it can match: `*.a.example.com` by `*.a.example.com` and by `**.example.com` alone. */
function dnsAllowed(pattern: string, name: string): boolean {
  if (pattern.startsWith(ANY_DEPTH)) {
    const domain = pattern.slice(ANY_DEPTH.length);
    return withoutWildcard(name) === domain || name.endsWith(`.${domain}`);
  }
  if (!pattern.startsWith('*.')) return name === pattern;
  const below = pattern.slice(1);
  return name.endsWith(below) && !name.slice(0, -below.length).includes('.') && name.length > below.length;
}

const isUriPattern = (pattern: string): boolean => /^[a-z][a-z0-9+.-]*:/i.test(pattern);
const isEmailPattern = (pattern: string): boolean => pattern.includes('@') && !isUriPattern(pattern);

/**
 * A pattern of a policy's names in its normal form.
 * @throws Refusal `InvalidPattern`, or what {@link normalizeDnsName} says of the name in it
 */
export function normalizeNamePattern(text: string, field: string): string {
  if (text === '**' || text.startsWith(COMMON_NAME) || parseIpRange(text) !== undefined) return text;
  if (isUriPattern(text) || isEmailPattern(text)) return text;
  const prefix = ['**.', '*.'].find((candidate) => text.startsWith(candidate)) ?? '';
  const rest = text.slice(prefix.length);
  if (rest.includes('*')) {
    throw new Refusal('InvalidPattern', `${quoted(text)} is not a pattern for names`, {
      field,
      remedy: 'write app.example.com, *.example.com, **.example.com or **',
    });
  }
  return prefix + normalizeDnsName(rest, field);
}
