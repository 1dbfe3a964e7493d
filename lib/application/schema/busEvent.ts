import { z } from 'zod';
import { cause } from './answers.ts';

/** Of every event. Raised when a member changes its meaning or goes; a new member does not raise it. */
const SCHEMA_VERSION = 1;

const instant = z.iso.datetime().describe('UTC, ISO 8601.');
const revision = z.int().min(1).describe('Counts issuances of the certificate; gaps are normal.');
const destination = z
  .string()
  .describe('`kubernetes/CLUSTER/NAMESPACE/SECRET`, `directory:/PATH` or `secretsManager:NAME`.');
const reason = z
  .string()
  .describe('Why the revision was asked for: `NeverIssued`, `SpecChanged`, `Expiring`, `Manual`... Others may come.');

function event<T extends string, S extends z.core.$ZodLooseShape>(type: T, about: string, members: S) {
  const shape = {
    schemaVersion: z.literal(SCHEMA_VERSION),
    id: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .describe('The same for the same fact, however often it comes.'),
    type: z.literal(type),
    at: instant.describe('When it happened. UTC, ISO 8601.'),
    team: z.string().describe('`-` for what is shared.'),
    name: z.string().describe("The certificate's name in the team."),
    uid: z.string().describe('Tells the lives of one name apart.'),
    message: z.string().describe('The same for people. Not stable.'),
    ...members,
  };
  return z.strictObject(shape).describe(about);
}

const issued = {
  revision,
  generation: z.int().min(1).describe('Counts specs: the one that it was issued for.'),
  serial: z.string().describe('Hex.'),
  fingerprint: z.string().describe('SHA-256 of the certificate, hex.'),
  notBefore: instant,
  notAfter: instant,
  renewAt: instant.describe('When its renewal is due.'),
};

/** Every public event, by its type. */
export const busEvents = {
  'certificate.requested': event('certificate.requested', 'A revision is to be issued.', { revision, reason }),
  'certificate.issued': event('certificate.issued', 'The first certificate was issued.', issued),
  'certificate.renewed': event('certificate.renewed', 'A certificate was issued in the place of another.', {
    ...issued,
    reason,
  }),
  'certificate.failed': event(
    'certificate.failed',
    'An attempt to issue or to deliver failed. It is tried again by itself; where somebody must do something, the cause says what.',
    {
      stage: z.enum(['issuance', 'delivery']),
      revision,
      destination: destination.optional(),
      failures: z
        .int()
        .min(1)
        .describe('Failures in a row of this revision or at this destination, this one included.'),
      cause,
      retryAt: instant.optional().describe('When it is tried again.'),
    },
  ),
  'certificate.delivered': event('certificate.delivered', 'A destination confirmed its copy.', {
    revision,
    destination,
    fingerprint: issued.fingerprint,
  }),
  'certificate.drifted': event(
    'certificate.drifted',
    'A copy was found otherwise than it was delivered; it is delivered again. One that keeps changing is left as it is for a while first.',
    {
      revision,
      destination,
      found: z
        .enum(['missing', 'changed', 'foreign'])
        .describe("`foreign`: something that is not the service's stands there; what stands there then is left alone."),
      retryAt: instant.optional().describe('Where it keeps changing: when it is delivered again.'),
    },
  ),
  'certificate.expiring': event(
    'certificate.expiring',
    'The end is near and no renewal succeeded: 7 days are left, or a tenth of the life if that is less, and half of the time for the renewal is over. Once a revision.',
    { revision, notAfter: instant },
  ),
  'certificate.revoked': event('certificate.revoked', 'The certificate was revoked at its CA.', {
    revision,
    reason: z.string(),
  }),
};

export type BusEventType = keyof typeof busEvents;

/** A public event with the members of its type. */
export type PublicEvent = { [T in BusEventType]: z.output<(typeof busEvents)[T]> }[BusEventType];
