import type { Destination } from './destination.ts';
import { durationSeconds } from './duration.ts';
import { globMatches } from './glob.ts';
import { type NamedValue, nameAllowed, namesOf } from './namePolicy.ts';
import { quoted } from './quoted.ts';
import { Refusal } from './refusal.ts';
import type { CertificateSpec, IssuerRef, KeyKind, RenewalSpec } from './spec.ts';

/** The kinds of key that there are, as a policy writes them. */
export const KEY_KINDS = [
  'ECDSA-256',
  'ECDSA-384',
  'ECDSA-521',
  'RSA-2048',
  'RSA-3072',
  'RSA-4096',
  'Ed25519',
] as const;

/** What a team may have. What no pattern covers is not allowed: an empty list allows nothing. */
export interface TeamPolicy {
  /**
   * Names: `app.example.com` that one; `*.example.com` the names one label below and the wildcard itself; `**.example.com` the domain and
   * everything under it; `**` every name of every kind. A wildcard name needs a pattern that covers all it can match. Also IP addresses and
   * blocks (`10.0.0.0/8`), URIs (`spiffe://example.com/**`), mail addresses (`*@example.com`), and other common names (`CN=Team * CA`);
   * in these, `*` stands for any run without `/`, `**` for any run.
   */
  readonly names: readonly string[];
  /** Issuers: `name` is the team's own, `ClusterIssuer/name` a shared one; `*` stands for any run within a name, alone for every issuer. */
  readonly issuers: readonly string[];
  /**
   * `cluster/namespace/secretName`, `directory:/path` and `secretsManager:name`, `*` any run without `/`, `**` any run. Directories only by
   * `directory:`, and so on. A secret that is written by a role is `secretsManager:<role's ARN>/name`.
   */
  readonly destinations: readonly string[];
  readonly keys: readonly (typeof KEY_KINDS)[number][];
  /** A Go duration. Absent: as long as the issuer signs. */
  readonly maxDuration?: string;
  /** The most certificates that the team may have at a time. Absent: no limit. */
  readonly quota?: number;
  /** Whether a shared issuer may sign a CA for the team. Such a CA signs any name, so `names` would bind nobody. Absent: no. */
  readonly isCA?: boolean;
  /** When certificates are renewed whose specs do not say. They follow it. */
  readonly renewal?: RenewalSpec;
  /** Ids of hosted zones in Route 53 that the team's own issuers may use with the service's role. Absent: none. */
  readonly route53Zones?: readonly string[];
}

/**
 * What a team gets that says nothing: every issuer, but only names that are reserved for tests (RFC 6761), so that a first try works and
 * nobody can speak for a real name unasked; the namespace of its own name in every cluster, and secrets of its own in the service's AWS
 * account; every kind of key. `{team}` stands for the team's name until {@link policyOf} fills it in.
 */
export const defaultPolicy: TeamPolicy = {
  names: ['**.test', '**.example', '**.localhost'],
  issuers: ['*'],
  destinations: ['*/{team}/*', 'secretsManager:chancery/{team}/*'],
  keys: [...KEY_KINDS],
  quota: 1000,
};

/** The policy with the team's name filled in and, for members that are not given, the default's. */
export function policyOf(team: string, given: Partial<TeamPolicy> = {}): TeamPolicy {
  const policy = { ...defaultPolicy, ...given };
  return { ...policy, destinations: policy.destinations.map((pattern) => pattern.replaceAll('{team}', team)) };
}

/** `certificateCount`: how many the team has, not counting this one; `isNew`: this one would be one more. `at`: the spec's place in the input. */
export interface PolicyContext {
  readonly certificateCount: number;
  readonly isNew: boolean;
  readonly at?: string;
}

/**
 * Checks a normal spec against its team's policy.
 * @throws Refusal `NameNotAllowed`, `CaNotAllowed`, `IssuerNotAllowed`, `DestinationNotAllowed`, `KeyNotAllowed`, `DurationNotAllowed` or
 * `QuotaReached`, with the field and what the policy allows
 */
export function checkPolicy(policy: TeamPolicy, spec: CertificateSpec, context: PolicyContext): void {
  const { at = 'spec' } = context;
  checkNames(policy, namesOf(spec, at));
  checkIssuer(policy, spec, at);
  spec.destinations.forEach((destination, index) => {
    checkDestination(policy, destination, `${at}.destinations[${index}]`);
  });
  // In CSR mode the key is the requester's: whoever reads the request checks its kind.
  if (spec.request === undefined) checkKey(policy, spec.privateKey, `${at}.privateKey`);
  checkDuration(policy, spec.duration, `${at}.duration`);
  if (context.isNew && policy.quota !== undefined && context.certificateCount >= policy.quota) {
    throw new Refusal(
      'QuotaReached',
      `the team has ${context.certificateCount} certificates, its quota is ${policy.quota}`,
      {
        remedy: "delete certificates, or have the team's quota raised",
      },
    );
  }
}

/** What a policy refuses by, also where there is none any more, or where it grants no role. */
const OF_POLICY: ReadonlySet<string> = new Set([
  'NameNotAllowed',
  'CaNotAllowed',
  'IssuerNotAllowed',
  'DestinationNotAllowed',
  'KeyNotAllowed',
  'DurationNotAllowed',
  'ServiceRoleNotAllowed',
  'TeamNotFound',
]);

/** Whether another policy of the team's may end a failure with this code. */
export const isOfPolicy = (code: string | undefined): boolean => code !== undefined && OF_POLICY.has(code);

/** @throws Refusal `KeyNotAllowed` */
export function checkKey(policy: TeamPolicy, { algorithm, size }: KeyKind, field: string): void {
  const kind = algorithm === 'Ed25519' ? algorithm : `${algorithm}-${size}`;
  if (policy.keys.some((allowed) => allowed === kind)) return;
  refuse('KeyNotAllowed', field, `${kind} keys are not allowed to the team`, policy.keys);
}

function checkNames(policy: TeamPolicy, names: readonly NamedValue[]): void {
  const refused = names.filter((name) => !policy.names.some((pattern) => nameAllowed(pattern, name)));
  if (refused.length === 0) return;
  const words = refused.length === 1 ? 'is not a name of the team' : 'are not names of the team';
  const values = refused.map(({ value }) => quoted(value));
  refuse('NameNotAllowed', refused[0]!.field, `${shortList(values)} ${words}`, policy.names);
}

function checkIssuer(policy: TeamPolicy, { issuerRef, isCA }: CertificateSpec, at: string): void {
  if (!policy.issuers.some((pattern) => issuerAllowed(pattern, issuerRef))) {
    const what = `${issuerRef.kind} ${issuerRef.name} is not allowed to the team`;
    refuse('IssuerNotAllowed', `${at}.issuerRef`, what, policy.issuers);
  }
  if (isCA && issuerRef.kind === 'ClusterIssuer' && !policy.isCA) {
    throw new Refusal('CaNotAllowed', 'a shared issuer must not sign a CA for the team', {
      field: `${at}.isCA`,
      remedy: "use an issuer of the team's own, or have isCA set in the team's policy",
    });
  }
}

function issuerAllowed(pattern: string, { kind, name }: IssuerRef): boolean {
  if (pattern === '*') return true;
  return globMatches(pattern.includes('/') ? pattern : `Issuer/${pattern}`, `${kind}/${name}`);
}

/** Whether some pattern of the policy covers the destination. A pattern covers places of its own kind alone. */
export function allowsDestination(policy: TeamPolicy, destination: Destination): boolean {
  const place = policyPlace(destination);
  return policy.destinations.some(
    (pattern) => kindOfPattern(pattern) === kindOfPattern(place) && globMatches(pattern, place),
  );
}

const kindOfPattern = (pattern: string): string => /^(?:directory|secretsManager):/.exec(pattern)?.[0] ?? '';

/** A destination as patterns see it. Whoever may write in this account may not for that reason use a role of another. */
function policyPlace(destination: Destination): string {
  switch (destination.kind) {
    case 'kubernetes':
      return `${destination.cluster}/${destination.namespace}/${destination.secretName}`;
    case 'directory':
      return `directory:${destination.path}`;
    case 'secretsManager': {
      const { name, roleArn } = destination;
      return `secretsManager:${roleArn ? `${roleArn}/${name}` : name}`;
    }
  }
}

function checkDestination(policy: TeamPolicy, destination: Destination, field: string): void {
  if (allowsDestination(policy, destination)) return;
  refuse(
    'DestinationNotAllowed',
    field,
    `${quoted(policyPlace(destination))} is not allowed to the team`,
    policy.destinations,
  );
}

function checkDuration(policy: TeamPolicy, duration: string, field: string): void {
  if (policy.maxDuration === undefined) return;
  if (durationSeconds(duration)! <= durationSeconds(policy.maxDuration)!) return;
  const what = `${duration} is longer than the team's certificates may be valid`;
  refuse('DurationNotAllowed', field, what, [`at most ${policy.maxDuration}`]);
}

function refuse(code: string, field: string, message: string, allowed: readonly string[]): never {
  const remedy = `allowed: ${allowed.length === 0 ? 'nothing' : shortList(allowed)}; an administrator sets the team's policy`;
  throw new Refusal(code, message, { field, remedy });
}

const MOST_LISTED = 10;

const shortList = (words: readonly string[]): string =>
  words.length <= MOST_LISTED
    ? words.join(', ')
    : `${words.slice(0, MOST_LISTED).join(', ')} and ${words.length - MOST_LISTED} more`;
