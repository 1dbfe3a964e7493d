import { z } from 'zod';
import { closed } from './closed.ts';

/** Bytes of all values together. */
const LARGEST = 64 * 1024;

/** The body of PUT of a credential. Write-only: no answer ever holds `data`. */
export const credentialBody = closed({
  kind: z.literal('Opaque').optional().describe('The only kind.'),
  data: z
    .record(
      z.string().regex(/^[A-Za-z0-9._-]{1,253}$/, 'must be letters, digits, dots, hyphens and underscores'),
      z.string().min(1).max(LARGEST),
    )
    .refine((data) => Object.keys(data).length > 0, { error: 'must have at least one key' })
    .refine((data) => bytes(data) <= LARGEST, { error: `must be at most ${LARGEST} bytes in all` })
    .describe('Values by key, as plain text (not base64 as in a Secret).')
    .meta({ writeOnly: true }),
});

export type CredentialInput = z.output<typeof credentialBody>;

const bytes = (data: Readonly<Record<string, string>>): number =>
  Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value), 0);
