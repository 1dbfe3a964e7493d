import { z } from 'zod';
import { closed } from './closed.ts';
import { labelName } from './common.ts';

/** The body of POST /v1/redeliver. */
export const redeliverBody = closed({
  team: labelName.optional().describe("A team's copies."),
  cluster: labelName.optional().describe('Copies in a cluster; with team, those of the team.'),
  all: z.literal(true).optional().describe('Every copy there is: instead of team and cluster.'),
}).refine(({ team, cluster, all }) => (all === true) !== (team !== undefined || cluster !== undefined), {
  error: 'must name a team, a cluster or both; or all',
});
