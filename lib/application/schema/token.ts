import { z } from 'zod';
import { durationSeconds } from '../../domain/duration.ts';
import { VERBS } from '../../domain/token.ts';
import { closed } from './closed.ts';
import { duration } from './common.ts';

const MINUTE = 60;
const YEAR = 365 * 24 * 3600;

/** The body of POST /v1/tokens. */
export const tokenBody = closed({
  team: z
    .string()
    .regex(/^(?:\*|[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)$/, 'must be the name of a team, or *')
    .describe('The team that it acts for; * for every team.'),
  verbs: z
    .array(z.enum(VERBS))
    .min(1)
    .max(VERBS.length)
    .describe('read, write, key (export of private keys; nothing else includes it), admin.'),
  expiresIn: duration
    .refine(
      (text) => {
        const seconds = durationSeconds(text);
        return seconds === undefined || (seconds >= MINUTE && seconds <= YEAR);
      },
      { error: 'must be from 1m to 8760h (a year)' },
    )
    .describe('How long it holds, as a duration: 1m to 8760h.'),
  description: z.string().max(200).optional().describe('For people.'),
});

export type TokenInput = z.output<typeof tokenBody>;
