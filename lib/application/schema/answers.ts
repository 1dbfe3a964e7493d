import { z } from 'zod';
import { VERBS } from '../../domain/token.ts';
import { certificateSpec } from './certificate.ts';
import { issuerSpec } from './issuer.ts';
import { teamPolicy } from './team.ts';

const instant = z.iso.datetime().describe('UTC, ISO 8601.');

/** A condition as Kubernetes writes them; types and reasons are cert-manager's where it has one. */
export const condition = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string().describe('Stable, PascalCase.'),
  message: z.string(),
  lastTransitionTime: instant.optional(),
});

/** Why something did not work, and what to do. */
export const cause = z.object({
  code: z.string().describe('A problem type of ACME, or a code of ours. Stable.'),
  detail: z.string(),
  identifier: z.string().optional().describe('The name that it is about.'),
  remedy: z.string().describe('What to do.'),
});

/** What is done all the same, and may surprise. */
export const warning = z.object({
  code: z.string().describe('Stable.'),
  field: z.string().describe('What it is about, as in the input.'),
  message: z.string(),
});

const suggestedWindow = z.object({ start: instant, end: instant });

const renewal = z.object({
  time: instant.describe('When it is renewed; as renewalTime.'),
  reason: z
    .string()
    .describe('Expiring (its own rule), AriWindow (the CA suggests it), Revoked, KeyCompromised... Others may come.'),
  atLatest: instant.optional().describe('When windows, freezes and limits of our own do not hold it back any more.'),
  suggestedWindow: suggestedWindow.optional().describe("The CA's renewal information (RFC 9773)."),
  explanationURL: z.string().optional().describe('Where the CA explains its window.'),
});

const issuerName = z.object({ kind: z.enum(['Issuer', 'ClusterIssuer']), name: z.string() });

const issuance = z.object({
  revision: z.int(),
  run: z.int().describe('Attempts at this revision, from 1.'),
  status: z.enum(['requested', 'running', 'deferred', 'failed', 'succeeded', 'superseded']),
  step: z.string().describe('Order, Challenge, Finalize or Store: where it is, or where it failed.'),
  issuer: issuerName.optional().describe('Who issues it, where that stands in for the issuer of the spec.'),
  since: instant.describe('When it came to where it is.'),
  cause: cause.optional().describe('Why it waits or failed.'),
  causes: z.array(cause).optional().describe('One for each name, where the CA said so.'),
  retryAt: instant.optional().describe('When it is tried again.'),
});

const delivery = z.object({
  destination: z.string().describe('kubernetes/cluster/namespace/secretName, directory:/path or secretsManager:name.'),
  status: z.enum(['waiting', 'pending', 'running', 'confirmed', 'refused', 'failed', 'released', 'taken']),
  revision: z.int().optional().describe('What the destination was last seen to hold.'),
  since: instant.optional(),
  cause: cause.optional(),
  retryAt: instant.optional(),
});

const revocation = z.object({
  revision: z.int(),
  reason: z.string().describe('As RFC 5280 5.3.1 names it.'),
  status: z.enum(['requested', 'failed', 'revoked']),
  since: instant.describe('When it came to where it is, or was asked for.'),
  cause: cause.optional().describe('Why it is not revoked yet.'),
  retryAt: instant.optional().describe('When its CA is asked again; absent after a failure that is final.'),
});

const nextAction = z.object({
  action: z.enum(['Renew', 'Retry', 'Continue', 'Act']).describe('Act: somebody must do something first.'),
  message: z.string(),
  at: instant.optional(),
});

const issuerReadiness = z.object({
  kind: z.enum(['Issuer', 'ClusterIssuer']),
  name: z.string(),
  ready: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
});

/** A certificate with all that is known of it. */
export const certificateAnswer = z.object({
  team: z.string(),
  name: z.string(),
  uid: z.string(),
  generation: z.int().describe('Counts specs.'),
  createdAt: instant,
  spec: certificateSpec,
  status: z.object({
    conditions: z.array(condition).describe('Ready, Issuing and, with destinations, Delivered.'),
    revision: z.int().optional().describe('The issued revision.'),
    serial: z.string().optional(),
    fingerprint: z.string().optional().describe('SHA-256 of the certificate, hex.'),
    notBefore: instant.optional(),
    notAfter: instant.optional(),
    renewalTimesOf: z
      .literal('team')
      .optional()
      .describe(
        "Whose windows and freezes the spec shows, where they are not its own: the team's policy's, which it follows.",
      ),
    renewalTime: instant.optional(),
    renewal: renewal.optional().describe('Why it is renewed then.'),
    issuer: issuerReadiness,
    issuedBy: issuerName.optional().describe('Who issued it, where that is not the issuer of the spec.'),
    issuance: issuance.optional().describe('The revision on its way.'),
    incident: z
      .object({
        id: z.string(),
        since: instant,
        count: z.int().describe('Certificates of the team that are part of it.'),
      })
      .optional()
      .describe('The incident that its failure is part of: others fail for the same.'),
    deliveries: z.array(delivery),
    revocations: z
      .array(revocation)
      .optional()
      .describe('Revisions that are to be revoked, or were and have not ended.'),
    nextAction: nextAction.optional(),
  }),
  warnings: z.array(warning).optional().describe('What was accepted and may surprise.'),
});

/** A certificate as lists show it, from the read model. */
export const certificateSummary = z.object({
  team: z.string(),
  name: z.string(),
  uid: z.string(),
  generation: z.int(),
  dnsNames: z.array(z.string()),
  secretName: z.string(),
  issuerRef: z.object({ name: z.string(), kind: z.enum(['Issuer', 'ClusterIssuer']) }),
  createdAt: instant,
  ready: z.boolean(),
  issuing: z.boolean(),
  revision: z.int().optional(),
  serial: z.string().optional(),
  notBefore: instant.optional(),
  notAfter: instant.optional(),
  renewalTime: instant.optional(),
  destinations: z.array(z.string()),
});

/** An account at a CA. In lists it is left out. */
const accountAnswer = z
  .object({
    url: z.string(),
    keyThumbprint: z.string().describe("SHA-256 of the public key's SubjectPublicKeyInfo, in hex."),
    keyChange: z
      .object({
        status: z.enum(['pending', 'failed']).describe('failed: it is given up, and the account keeps its key.'),
        requestedAt: instant,
        retryAt: instant.optional(),
        cause: z.object({ code: z.string(), detail: z.string() }).optional(),
      })
      .optional()
      .describe('While it is to have another key.'),
  })
  .describe('Of an ACME issuer that is shown alone.');

/** An issuer; `owner` is a team, or `-` for what is shared. */
export const issuerAnswer = z.object({
  owner: z.string(),
  name: z.string(),
  kind: z.enum(['Issuer', 'ClusterIssuer']),
  type: z.enum(['acme', 'ca', 'selfSigned']),
  generation: z.int(),
  spec: issuerSpec,
  status: z.object({
    conditions: z.array(condition).describe('Ready; Diverted while others stand in for it.'),
    account: accountAnswer.optional(),
  }),
  warnings: z.array(warning).optional().describe('What was accepted and may surprise.'),
});

/** A credential: never its values. */
export const credentialAnswer = z.object({
  owner: z.string(),
  name: z.string(),
  kind: z.string(),
  fields: z.array(z.string()).describe('The names of its values; the values are shown to nobody.'),
  sealedAt: instant.optional(),
});

export const clusterAnswer = z.object({
  name: z.string(),
  server: z.string(),
  caFingerprint: z.string().describe('SHA-256 of the CA bundle, hex.'),
  version: z.string().optional().describe("The API server's."),
  status: z.object({ conditions: z.array(condition).describe('Reachable.') }),
});

export const teamAnswer = z.object({ name: z.string(), policyVersion: z.int(), policy: teamPolicy });

/** A token: never its secret. */
export const tokenAnswer = z.object({
  id: z.string(),
  team: z.string(),
  verbs: z.array(z.enum(VERBS)),
  status: z.enum(['live', 'expired', 'revoked']),
  issuedAt: instant,
  expires: instant,
  description: z.string().optional(),
});

/** The one answer that holds a token's secret. */
export const issuedTokenAnswer = tokenAnswer.extend({
  token: z.string().describe('Shown here and never again.'),
});

/** What happened, in words that tenants may read. */
export const timelineEvent = z.object({
  at: instant,
  type: z.string().describe('requested, ordered, presented, validating, issued, delivered, failed...'),
  message: z.string(),
  revision: z.int().optional(),
  run: z.int().optional(),
  destination: z.string().optional(),
  cause: cause.optional(),
  retryAt: instant.optional(),
  actor: z.string().optional().describe('Who asked for it.'),
});

export const timelineAnswer = z.object({
  events: z.array(timelineEvent),
  cursor: z.string().describe('Give it as `after` to read on.'),
});

export const appliedAnswer = z.object({
  resources: z.array(
    z.object({
      kind: z.enum(['Certificate', 'Issuer', 'ClusterIssuer']),
      team: z.string(),
      name: z.string(),
      outcome: z.enum(['created', 'configured', 'unchanged']),
      version: z.int(),
      warnings: z.array(warning).optional().describe('What was accepted and may surprise.'),
    }),
  ),
});

/** What a page of redeliveries did. `cursor` is there when there may be more. */
export const redeliveredAnswer = z.object({
  redelivered: z.int().describe('Copies that are pushed again; not those that were on their way already.'),
  cursor: z.string().optional().describe('Opaque; give it back as `cursor` to go on.'),
});

/** What a turn of a redrive did. `cursor` is there when it was not the last. */
export const redrivenAnswer = z.object({
  queue: z.boolean().describe('Whether there are dead letters at all; the embedded service has none.'),
  letters: z.int().describe('Letters that are repaired and gone.'),
  unknown: z.int().describe('Letters that something else put there, which stay.'),
  streams: z.int().describe('How often commits of a stream were handed to a reader again.'),
  failed: z.array(z.string()).describe('Streams that could not be handled, the first of them; their letters stay.'),
  cursor: z.string().optional().describe('Opaque; give it back as `cursor` to go on.'),
});

export const versionAnswer = z.object({ name: z.string(), version: z.string(), api: z.string() });

export const healthAnswer = z.object({
  status: z.enum(['ok', 'unavailable']),
  checks: z.record(z.string(), z.string()).optional(),
});

/** One page of a list. `cursor` is there when there is more. */
export const page = <S extends z.ZodType>(item: S) =>
  z.object({
    items: z.array(item),
    cursor: z.string().optional().describe('Opaque; give it back as `cursor` to read on.'),
  });

export type Condition = z.output<typeof condition>;
export type Cause = z.output<typeof cause>;
export type RevocationAnswer = z.output<typeof revocation>;
export type Warning = z.output<typeof warning>;
export type CertificateAnswer = z.output<typeof certificateAnswer>;
export type CertificateSummary = z.output<typeof certificateSummary>;
export type TimelineEvent = z.output<typeof timelineEvent>;
export type TokenAnswer = z.output<typeof tokenAnswer>;
