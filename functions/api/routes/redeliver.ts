import { redeliver } from '../../../lib/application/redeliver.ts';
import { parse } from '../../../lib/application/schema/parse.ts';
import { redeliverBody } from '../../../lib/application/schema/redeliver.ts';
import { requireTeam } from '../../../lib/application/teams.ts';
import { pageOf } from '../answers.ts';
import { encodeCursor } from '../cursor.ts';
import { listQuery } from '../queries.ts';
import type { Answer, Call, Route } from '../route.ts';

const KIND = 'redeliver';

async function redeliverPage({ services, query, body, meta }: Call): Promise<Answer> {
  const { team, cluster } = parse(redeliverBody, body);
  if (team !== undefined) await requireTeam(services, team, 'team');
  const { redelivered, after } = await redeliver(services, { team, cluster }, pageOf(KIND, query), meta);
  return { status: 200, json: { redelivered, ...(after !== undefined && { cursor: encodeCursor(KIND, after) }) } };
}

export const redeliverRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/redeliver',
    operation: 'redeliver',
    tag: 'deliveries',
    summary: 'Push copies again, page by page',
    description:
      'A page of copies is pushed again: the current revision of each live certificate, from the vault. No CA is asked. Whoever asks for the pages sets the rate.',
    access: { team: '*', verb: 'admin' },
    query: listQuery,
    body: { schema: 'RedeliverInput', required: true },
    answers: { 200: { description: 'How many, and where to go on.', schema: 'Redelivered' } },
    problems: [409],
    handle: redeliverPage,
  },
];
