import { EVERY_TEAM } from '../../../lib/application/authorize.ts';
import { limitReport } from '../../../lib/application/limits/report.ts';
import { resumeLimits } from '../../../lib/application/limits/resume.ts';
import { resumeLimitsBody } from '../../../lib/application/schema/limits.ts';
import { parse } from '../../../lib/application/schema/parse.ts';
import { requireTeam } from '../../../lib/application/teams.ts';
import { limitsQuery } from '../queries.ts';
import type { Answer, Call, Route } from '../route.ts';

async function getLimits({ services, principal, query }: Call): Promise<Answer> {
  const { issuer, team } = query;
  const may = principal.teams;
  if (team !== undefined && may === EVERY_TEAM) await requireTeam(services, team, 'query.team');
  const teams = team === undefined ? may : may === EVERY_TEAM || may.includes(team) ? [team] : [];
  return { status: 200, json: await limitReport(services, { teams, issuer }) };
}

async function resume({ services, body, meta }: Call): Promise<Answer> {
  return { status: 200, json: await resumeLimits(services, parse(resumeLimitsBody, body), meta) };
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
    problems: [404],
    handle: getLimits,
  },
  {
    method: 'POST',
    path: '/v1/limits/resume',
    operation: 'resumeLimits',
    tag: 'issuers',
    summary: 'Go on where a limit of a CA holds back',
    description:
      'For whoever knows that the CA takes requests again: what it said is forgotten, and what waited for that is tried at once. With an identifier also what was counted for it is forgotten. Every issuer of the CA shares its limits, so this is for administrators.',
    access: { team: '*', verb: 'admin' },
    body: { schema: 'ResumeLimitsInput', required: true },
    answers: { 200: { description: 'What was lifted, and how much goes on.', schema: 'LimitsResumed' } },
    problems: [404],
    handle: resume,
  },
];
