/** A CAA record (RFC 8659 4.1): who may issue for a name. */
export interface CaaRecord {
  readonly critical: boolean;
  /** `issue`, `issuewild`, `iodef`..., in any case of letters. */
  readonly tag: string;
  readonly value: string;
}

/** Who wants to issue, for what, and how control of the name will be proved. */
export interface CaaQuestion {
  readonly wildcard: boolean;
  /** Names that the CA answers to: `caaIdentities` of its directory (RFC 8555 7.1.1). */
  readonly identities: readonly string[];
  /** The ACME account (RFC 8657 3). */
  readonly accountUrl?: string;
  /** Labels of the challenges that could be used (RFC 8657 4); one that is allowed is enough. */
  readonly methods: readonly string[];
}

/** Whether the CA may issue. `reason` says in words why not. */
export type CaaVerdict = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

interface Grant {
  readonly issuer: string;
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

const KNOWN = new Set(['issue', 'issuewild', 'iodef', 'issuemail', 'issuevmc', 'contactemail', 'contactphone']);

/**
 * Judges the relevant record set of a name: the records of the name itself, or of its nearest parent that has any (RFC 8659 3).
 * A CA that names no identity cannot be judged and is taken to be allowed, unless the set allows nobody at all.
 */
export function caaVerdict(records: readonly CaaRecord[], question: CaaQuestion): CaaVerdict {
  const forbidding = records.find(({ critical, tag }) => critical && !KNOWN.has(tag.toLowerCase()));
  if (forbidding) return refused(`a critical CAA record has the tag ${forbidding.tag}, which nobody knows`);
  const relevant = relevantTo(records, question.wildcard);
  if (relevant.length === 0) return allowed;
  const grants = relevant.flatMap(({ value }) => parseGrant(value) ?? []).filter(({ issuer }) => issuer !== '');
  if (grants.length === 0) return refused('CAA records allow no CA at all');
  const identities = question.identities.map((one) => one.toLowerCase());
  if (identities.length === 0) return allowed;
  const ours = grants.filter(({ issuer }) => identities.includes(issuer));
  if (ours.length === 0) return refused(`CAA records allow ${listed(grants)}, and not ${identities.join(' or ')}`);
  return byParameters(ours, question);
}

const allowed: CaaVerdict = { allowed: true };
const refused = (reason: string): CaaVerdict => ({ allowed: false, reason });

/** RFC 8659 4.3: `issuewild` takes the place of `issue` for wildcards, where there is any. */
function relevantTo(records: readonly CaaRecord[], wildcard: boolean): readonly CaaRecord[] {
  const tagged = (wanted: string) => records.filter(({ tag }) => tag.toLowerCase() === wanted);
  const wild = wildcard ? tagged('issuewild') : [];
  return wild.length > 0 ? wild : tagged('issue');
}

const listed = (grants: readonly Grant[]): string => [...new Set(grants.map(({ issuer }) => issuer))].join(', ');

/** RFC 8659 4.2. Undefined where the value is malformed, which allows nobody. */
function parseGrant(value: string): Grant | undefined {
  const [domain = '', ...rest] = value.split(';').map((part) => part.trim());
  if (!/^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)?$/i.test(domain)) return undefined;
  const parameters: [string, string][] = [];
  for (const part of rest.filter((one) => one !== '')) {
    const match = /^([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)\s*=\s*([\x21-\x3a\x3c-\x7e]*)$/i.exec(part);
    if (!match) return undefined;
    parameters.push([match[1]!.toLowerCase(), match[2]!]);
  }
  return { issuer: domain.toLowerCase(), parameters };
}

function byParameters(grants: readonly Grant[], { accountUrl, methods }: CaaQuestion): CaaVerdict {
  const ofAccount = grants.filter((grant) => accountFits(grant, accountUrl));
  if (ofAccount.length === 0) return refused('CAA records allow the CA for another account alone');
  const fits = (method: string) => ofAccount.some((grant) => methodFits(grant, method));
  if (methods.length === 0 || methods.some(fits)) return allowed;
  return refused(`CAA records do not allow the CA to validate by ${methods.join(' or ')}`);
}

/** RFC 8657 3: a second accounturi in one record satisfies no account. An account that is not made yet is none of the named ones. */
function accountFits({ parameters }: Grant, accountUrl: string | undefined): boolean {
  const wanted = parameters.filter(([name]) => name === 'accounturi');
  return wanted.length === 0 || (wanted.length === 1 && wanted[0]![1] === accountUrl);
}

/** RFC 8657 4. */
function methodFits({ parameters }: Grant, method: string): boolean {
  const wanted = parameters.filter(([name]) => name === 'validationmethods');
  if (wanted.length === 0) return true;
  return wanted.length === 1 && wanted[0]![1].split(',').includes(method);
}

/** The names whose records are looked at, nearest first (RFC 8659 3): the name without its `*.`, then its parents, the root not among them. */
export function caaNames(dnsName: string): string[] {
  const labels = dnsName.replace(/^\*\./, '').split('.');
  return labels.map((_, index) => labels.slice(index).join('.'));
}
