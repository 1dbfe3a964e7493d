import { z } from 'zod';
import { closed } from './closed.ts';

/** One resource of a batch, as the reading of manifests answers it. */
export const applyResource = closed({
  kind: z.enum(['Certificate', 'Issuer', 'ClusterIssuer']),
  team: z.string().max(63).optional().describe('The team; `-`, or nothing, for a ClusterIssuer.'),
  name: z.string().max(253),
  spec: z.looseObject({}).describe('As in the PUT of such a resource.'),
  document: z.int().min(1).optional().describe('Where it stood in a file; comes back in errors.'),
  line: z.int().min(1).optional().describe('As document.'),
});

/** The body of POST /v1/apply. */
export const applyBody = closed({ resources: z.array(applyResource).min(1).max(1000) });

export type ApplyResource = z.output<typeof applyResource>;
