import type { Identifier } from './identifier.ts';
import { domainOf, domainsOf } from './orderLimits.ts';
import { isOfPolicy } from './policy.ts';
import type { FailureClass, Problem } from './problem.ts';
import type { Instant } from './time.ts';

/** A certificate whose issuance failed at its last run. */
export interface FailingCertificate {
  readonly team: string;
  readonly name: string;
  /** `team/name`, or the name alone of one that is shared. */
  readonly issuer: string;
  readonly identifiers: readonly Identifier[];
  /** Of the first failure in a row. */
  readonly since: Instant;
  readonly retryAt: Instant;
  readonly class: FailureClass;
  readonly problem: Problem;
}

/** What the failing certificates of an incident share: the one place where its cause can be. */
export interface IncidentScope {
  readonly kind: 'issuer' | 'domain' | 'team';
  readonly name: string;
}

/** Failures of one kind that have one cause, by all that can be seen. */
export interface Incident {
  /** `type:kind:name`, the same as long as it lasts. */
  readonly id: string;
  readonly scope: IncidentScope;
  /** The longest failing first. */
  readonly certificates: readonly FailingCertificate[];
}

/** Of the names, and of what stands in DNS or answers there: RFC 8555 6.7. Ours about DNS begin with `Dns` and `Cname`. */
const OF_NAMES = new Set([
  'dns',
  'connection',
  'tls',
  'incorrectResponse',
  'unauthorized',
  'caa',
  'rejectedIdentifier',
  'unsupportedIdentifier',
  'compound',
]);

/** Where the cause of a failure is looked for: with the team's policy, at a registered domain, or else at the issuer. */
export function scopeOf({ team, issuer, identifiers, problem }: FailingCertificate): IncidentScope {
  if (isOfPolicy(problem.type)) return { kind: 'team', name: team };
  if (OF_NAMES.has(problem.type) || /^(?:Dns|Cname)/.test(problem.type)) {
    const named = [problem, ...(problem.subproblems ?? [])].flatMap(({ identifier }) => identifier ?? []);
    const domains = named.length > 0 ? [domainOf(named[0]!)] : domainsOf(identifiers);
    if (domains.length === 1) return { kind: 'domain', name: domains[0]! };
  }
  return { kind: 'issuer', name: issuer };
}

/** Certificates that make an incident of equal failures: a single one is its own affair. */
const LEAST = 2;

/**
 * Equal failures of several certificates, the one with the most certificates first.
 * @param least certificates that make one
 */
export function incidentsOf(failing: readonly FailingCertificate[], least = LEAST): Incident[] {
  const found = new Map<string, { scope: IncidentScope; certificates: FailingCertificate[] }>();
  for (const one of failing) {
    const scope = scopeOf(one);
    const id = `${one.problem.type}:${scope.kind}:${scope.name}`;
    const group = found.get(id) ?? { scope, certificates: [] };
    found.set(id, group);
    group.certificates.push(one);
  }
  return [...found]
    .map(([id, { scope, certificates }]) => ({ id, scope, certificates: certificates.sort(bySince) }))
    .filter((incident) => sizeOf(incident) >= least)
    .sort((a, b) => b.certificates.length - a.certificates.length || (a.id < b.id ? -1 : 1));
}

/** Certificates that are part of it, each once. */
export const sizeOf = ({ certificates }: Pick<Incident, 'certificates'>): number =>
  new Set(certificates.map(({ team, name }) => `${team}/${name}`)).size;

const bySince = (a: FailingCertificate, b: FailingCertificate): number => (a.since < b.since ? -1 : 1);
