import { z } from 'zod';
import { closed } from './closed.ts';

/** The body of POST /v1/redrive. */
export const redriveBody = closed({
  cursor: z.string().max(65_536).optional().describe("An earlier answer's, to go on; absent at the beginning."),
});

const time = z.iso.datetime().optional();

/** What a cursor of a redrive holds. */
export const redrivePlace = z.strictObject({
  letters: z
    .array(
      z.strictObject({
        receipt: z.string(),
        kind: z.literal('feed'),
        reader: z.enum(['project', 'react']),
        from: time,
        to: time,
      }),
    )
    .max(10),
  after: z.string().optional(),
  broken: z.boolean().optional(),
});
