import { EVERY_TEAM } from '../../../lib/application/authorize.ts';
import { readIncidents } from '../../../lib/application/incidents.ts';
import { requireTeam } from '../../../lib/application/teams.ts';
import { incidentsQuery, isTrue } from '../queries.ts';
import type { Answer, Call, Route } from '../route.ts';

async function listIncidents({ services, principal, query }: Call): Promise<Answer> {
  const { team, single } = query;
  const may = principal.teams;
  if (team !== undefined && may === EVERY_TEAM) await requireTeam(services, team, 'query.team');
  const teams = team === undefined ? may : may === EVERY_TEAM || may.includes(team) ? [team] : [];
  return { status: 200, json: await readIncidents(services, teams, isTrue(single)) };
}

export const incidentRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/incidents',
    operation: 'listIncidents',
    tag: 'certificates',
    summary: 'Equal failures across certificates, as one each',
    description:
      "Certificates whose issuance fails for the same cause at the same issuer, registered domain or team's policy. A team's token sees its own of them.",
    access: { team: 'any', verb: 'read' },
    query: incidentsQuery,
    answers: { 200: { description: 'The incidents.', schema: 'Incidents' } },
    handle: listIncidents,
  },
];
