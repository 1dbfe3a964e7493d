import { z } from 'zod';
import { REVOCATION_REASONS, type RevocationReason } from '../../domain/revocation.ts';
import { closed } from './closed.ts';

/** The body of POST .../revoke. */
export const revokeBody = closed({
  revision: z.int().min(1).optional().describe('Default: the issued one.'),
  reason: z
    .enum(Object.keys(REVOCATION_REASONS) as [RevocationReason, ...RevocationReason[]])
    .optional()
    .describe(
      'As RFC 5280 5.3.1 names them; default unspecified. CAs that are trusted publicly take unspecified, keyCompromise, superseded and cessationOfOperation.',
    ),
  replace: z.boolean().optional().describe('Whether another revision takes its place; default true.'),
});
