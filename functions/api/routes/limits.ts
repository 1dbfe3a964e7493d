import { EVERY_TEAM } from '../../../lib/application/authorize.ts';
import { limitReport } from '../../../lib/application/limits/report.ts';
import { limitsQuery } from '../queries.ts';
import type { Answer, Call, Route } from '../route.ts';

async function getLimits({ services, principal, query }: Call): Promise<Answer> {
  const { issuer, team } = query;
  const may = principal.teams;
  const teams = team === undefined ? may : may === EVERY_TEAM || may.includes(team) ? [team] : [];
  return { status: 200, json: await limitReport(services, { teams, issuer }) };
}

export const limitRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/limits',
    operation: 'getLimits',
    tag: 'issuers',
    summary: "How the CAs' limits stand, and what is to come",
    description:
      "Of every issuer the limits that are in use, waited for, or will be used up within the year at the lifetimes that the certificates have. A team's token sees what its names touch.",
    access: { team: 'any', verb: 'read' },
    query: limitsQuery,
    answers: { 200: { description: 'The limits, by issuer.', schema: 'Limits' } },
    handle: getLimits,
  },
];
