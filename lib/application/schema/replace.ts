import { z } from 'zod';
import { DECIDED_REASONS } from '../../domain/renewal.ts';
import { closed } from './closed.ts';
import { labelName } from './common.ts';

const INSTANT = z.iso.datetime();

/** Where a certificate is: an owner, and its name. */
const PLACE = '[^/]+/[^/]+';

/** The body of POST /v1/replacements. */
export const replaceBody = closed({
  issuer: z
    .string()
    .max(320)
    .optional()
    .describe('Certificates of this issuer: team/name, or the name of a shared one.'),
  ca: z
    .string()
    .max(320)
    .regex(new RegExp(`^${PLACE}$`), { error: 'must be TEAM/NAME of the CA certificate; -/NAME of a shared one' })
    .optional()
    .describe('Certificates that this CA certificate signs: team/name; `-/name` for a shared one.'),
  key: z
    .string()
    .max(320)
    .regex(new RegExp(`^(?:[0-9A-Fa-f]{64}|${PLACE})$`), {
      error: 'must be a SHA-256 in hex, or TEAM/NAME of a certificate',
    })
    .optional()
    .describe(
      'Certificates with this public key: SHA-256 of its SubjectPublicKeyInfo in hex, or team/name of a certificate.',
    ),
  name: z
    .string()
    .min(1)
    .max(253)
    .optional()
    .describe('Certificates whose name, or one of whose DNS names, fits: `*` stands for any run of characters.'),
  team: z
    .union([labelName, z.literal('-')])
    .optional()
    .describe("A team's alone."),
  issuedBefore: INSTANT.optional().describe('Certificates that were issued before this instant, UTC.'),
  reason: z
    .enum(DECIDED_REASONS)
    .optional()
    .describe('Default KeyCompromised with key, CaCompromised with ca, otherwise Manual.'),
  perHour: z.int().min(1).max(36_000).optional().describe('How many an hour; default 60.'),
  confirm: z
    .boolean()
    .optional()
    .describe('Does it. Without it the plan is shown, and nothing is done; default false.'),
}).refine(({ issuer, ca, key, name }) => [issuer, ca, key, name].some((one) => one !== undefined), {
  error: 'must name issuer, ca, key or name; several narrow each other',
});

/** What is replaced when, or would be. */
export const replacementsAnswer = z.object({
  confirmed: z.boolean().describe('Whether it is done, or only planned.'),
  reason: z.string(),
  count: z.int(),
  perHour: z.int(),
  from: INSTANT.optional().describe('When the first is replaced.'),
  until: INSTANT.optional().describe('When the last is.'),
  items: z
    .array(
      z.object({
        team: z.string(),
        name: z.string(),
        revision: z.int().describe('What is replaced.'),
        notAfter: INSTANT,
        at: INSTANT.describe('From when on.'),
      }),
    )
    .describe('In order: the shortest life left first.'),
  planned: z.int().describe('Further ones that a replacement for this reason is planned for already, or under way.'),
});

export type ReplacementsAnswer = z.output<typeof replacementsAnswer>;
