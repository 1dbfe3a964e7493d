import { z } from 'zod';

/** One of several things that are wrong with an input. */
export const problemError = z.object({
  field: z.string().optional().describe('Where, as a path into the input: spec.dnsNames[2].'),
  code: z.string().describe('Stable; safe to match on.'),
  message: z.string().describe('What is wrong.'),
  remedy: z.string().optional().describe('What to do.'),
  source: z.string().optional().describe('The name of the file.'),
  document: z.int().optional().describe('Which document of the file, from 1.'),
  line: z.int().optional().describe('Which line of the file, from 1.'),
});

/** Every error answer of the API: application/problem+json (RFC 9457) with our code, field and remedy. */
export const problem = z.object({
  type: z.string().describe('about:blank, or a URL that explains the code.'),
  title: z.string().describe('The status in words.'),
  status: z.int().min(400).max(599),
  detail: z.string().describe('What was wrong, in a sentence.'),
  code: z.string().describe('Stable, PascalCase; safe to match on.'),
  field: z.string().optional().describe('Where in the input, when there is one such place.'),
  remedy: z.string().optional().describe('What to do.'),
  errors: z.array(problemError).optional().describe('All that is wrong, for code InvalidInput.'),
});

export type ProblemBody = z.output<typeof problem>;
