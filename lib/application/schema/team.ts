import { z } from 'zod';
import { durationSeconds } from '../../domain/duration.ts';
import { fieldOf } from '../../domain/fieldPath.ts';
import { Findings } from '../../domain/inputInvalid.ts';
import { normalizeNamePattern } from '../../domain/namePolicy.ts';
import { KEY_KINDS, policyOf, type TeamPolicy } from '../../domain/policy.ts';
import { ZONE_ID } from './aws.ts';
import { renewal as renewalTimes } from './certificate.ts';
import { closed } from './closed.ts';
import { duration } from './common.ts';
import { normalizeRenewal } from './normalizeRenewal.ts';

const patterns = z.array(z.string().min(1).max(256)).max(1000);

/** A team's policy as an administrator writes it. Members that are left out are the default's. */
export const teamPolicy = closed({
  names: patterns
    .optional()
    .describe(
      'app.example.com; *.example.com (one label, and the wildcard); **.example.com (all under it, and it); ** (any name); ' +
        '10.0.0.0/8; spiffe://example.com/**; *@example.com; CN=Team * CA. Default: **.test, **.example, **.localhost.',
    ),
  issuers: patterns.optional().describe("name (the team's own), ClusterIssuer/name (shared), * (every). Default: *."),
  destinations: patterns
    .optional()
    .describe(
      'cluster/namespace/secretName with * and **; directory:/path/**; secretsManager:name, or secretsManager:ROLE-ARN/name. ' +
        "{team} is the team's name. Default: */{team}/*, secretsManager:chancery/{team}/*.",
    ),
  keys: z.array(z.enum(KEY_KINDS)).optional().describe('Kinds of private key. Default: all.'),
  maxDuration: duration.optional().describe('The longest that certificates may be asked for. Default: no limit.'),
  quota: z.int().min(0).max(1_000_000).optional().describe('The most certificates at a time. Default 1000.'),
  route53Zones: z
    .array(z.string().regex(ZONE_ID, 'the id of a hosted zone, such as Z0123456789ABC'))
    .max(1000)
    .optional()
    .describe("Hosted zones that the team's own issuers may use with the service's role in Route 53. Default: none."),
  isCA: z.boolean().optional().describe('Whether a shared issuer may sign a CA for the team. Default false.'),
  renewal: renewalTimes
    .optional()
    .describe("When the team's certificates are renewed whose specs do not say, those that there are already too."),
});

/** The body of PUT /v1/teams/{team}. */
export const teamBody = closed({ policy: teamPolicy.optional() });

export type TeamPolicyInput = z.output<typeof teamPolicy>;

/** `cluster/namespace/secretName`, `directory:` and an absolute path, or `secretsManager:` and a secret's name. */
const DESTINATION_PATTERN = /^(?:\*\*|[^/:]+\/[^/]+\/[^/]+|[^/:]+\/\*\*|directory:\/.*|secretsManager:.+)$/;
const ISSUER_PATTERN = /^(?:(?:Issuer|ClusterIssuer|\*)\/)?[a-z0-9.*-]+$/;

/**
 * A policy with its defaults and its patterns in their normal form.
 * @throws InputInvalid with everything that is wrong
 */
export function normalizeTeamPolicy(input: TeamPolicyInput, context: { team: string; at?: string }): TeamPolicy {
  const { at = 'policy', team } = context;
  const findings = new Findings();
  const names = input.names?.map(
    (pattern, index) => findings.attempt(() => normalizeNamePattern(pattern, fieldOf(at, 'names', index)))!,
  );
  checkPatterns(input.issuers, ISSUER_PATTERN, 'write name, ClusterIssuer/name or *', fieldOf(at, 'issuers'), findings);
  const places =
    'write cluster/namespace/secretName, each with * where needed, directory:/path/** or secretsManager:name';
  checkPatterns(input.destinations, DESTINATION_PATTERN, places, fieldOf(at, 'destinations'), findings);
  if (input.maxDuration !== undefined && durationSeconds(input.maxDuration)! < 3600) {
    findings.add(fieldOf(at, 'maxDuration'), 'DurationTooShort', 'is shorter than 1h: it would allow nothing');
  }
  const { renewal: times, ...rest } = input;
  const renewal = times && normalizeRenewal(times, fieldOf(at, 'renewal'), findings);
  findings.throwIfAny();
  return policyOf(team, { ...rest, ...(names && { names }), ...(renewal && { renewal }) });
}

function checkPatterns(
  texts: readonly string[] | undefined,
  shape: RegExp,
  remedy: string,
  field: string,
  findings: Findings,
): void {
  texts?.forEach((text, index) => {
    if (!shape.test(text)) findings.add(fieldOf(field, index), 'InvalidPattern', 'is not such a pattern', remedy);
  });
}
