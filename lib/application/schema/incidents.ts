import { z } from 'zod';
import { cause } from './answers.ts';

const instant = z.iso.datetime().describe('UTC, ISO 8601.');

/** Equal failures of several certificates. */
export const incidentAnswer = z.object({
  id: z.string().describe('The same as long as it lasts.'),
  scope: z
    .object({
      kind: z.enum(['issuer', 'domain', 'team']),
      name: z.string().describe('team/name or the name of a shared issuer, a registered domain, or a team.'),
    })
    .describe('What the failing certificates share: there the cause is to be looked for.'),
  since: instant.describe('When the first of them began to fail.'),
  count: z.int().describe('Certificates that fail.'),
  teams: z.array(z.string()),
  certificates: z.array(z.object({ team: z.string(), name: z.string() })).describe('Those that fail longest.'),
  cause: cause.describe('Of the one that fails longest, and what to do.'),
  retryAt: instant.describe('When the first of them is tried again.'),
});

export type IncidentAnswer = z.output<typeof incidentAnswer>;

/** What GET /v1/incidents answers. */
export const incidentsAnswer = z.object({
  items: z.array(incidentAnswer).describe('The one with the most certificates first.'),
  alone: z.int().describe('Certificates that fail for a cause that no other fails for: `single=true` shows them too.'),
  partial: z.boolean().describe('More fails than one answer looks at: numbers mean so many, or more.'),
});

export type IncidentsAnswer = z.output<typeof incidentsAnswer>;
