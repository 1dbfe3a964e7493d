import { z } from 'zod';
import { LIMIT_KINDS } from '../../domain/rateLimits.ts';
import { closed } from './closed.ts';

const instant = z.iso.datetime().describe('UTC, ISO 8601.');

/** How one limit of a CA stands for an issuer. */
export const limitAnswer = z.object({
  issuer: z.string().describe('team/name, or the name of a shared issuer.'),
  ca: z.string().describe("Host of the CA's directory."),
  limit: z.enum([...LIMIT_KINDS, 'pause']).describe('What the CA counts; pause: it asked for patience.'),
  subject: z.string().optional().describe('The domain, the name, or the names of the certificate.'),
  team: z.string().optional().describe('Whose share it is, where it is one.'),
  count: z.int().optional().describe('Tokens of the full bucket.'),
  period: z.string().optional().describe('In which an empty bucket is full again.'),
  used: z.number().describe('Tokens that are gone, with fractions.'),
  reserved: z.int().describe('Tokens that are kept for orders under way.'),
  waiting: z.int().describe('Orders that wait for a token, each with its time.'),
  percent: z.number().describe('Used and reserved; 100 while the CA wants nothing.'),
  nextFree: instant.describe('When the next order would get a token.'),
  forecast: z
    .object({
      perWeek: z.number().describe('Tokens that the certificates will ask for, at the lifetimes that they have.'),
      allowedPerWeek: z.number().describe('Tokens that the bucket gains.'),
      exhausted: z
        .object({ at: instant, week: z.string().describe('ISO 8601, such as 2026-W48.') })
        .optional()
        .describe('When the first will find none; absent when not within the year.'),
    })
    .optional(),
});

export type LimitAnswer = z.output<typeof limitAnswer>;

/** What GET /v1/limits answers. */
export const limitsAnswer = z.object({
  items: z.array(limitAnswer),
  partial: z.boolean().describe('There are more certificates than one answer looks at.'),
});

/** The body of POST /v1/limits/resume. */
export const resumeLimitsBody = closed({
  issuer: z.string().min(1).max(320).describe('team/name, or the name of a shared one.'),
  identifier: z
    .string()
    .min(1)
    .max(253)
    .optional()
    .describe(
      'Only what is held back for this name or IP address and its registered domain. Default: everything that the CA said.',
    ),
});

/** What POST /v1/limits/resume answers. */
export const limitsResumedAnswer = z.object({
  issuer: z.string(),
  identifier: z.string().optional(),
  lifted: z.array(z.string()).describe('Which limits are believed to have room again.'),
  resumed: z.int().describe('Issuances that waited, and are tried at once.'),
});

export type LimitsResumedAnswer = z.output<typeof limitsResumedAnswer>;
