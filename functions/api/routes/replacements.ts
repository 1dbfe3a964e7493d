import { replaceCertificates } from '../../../lib/application/replace.ts';
import { parse } from '../../../lib/application/schema/parse.ts';
import { replaceBody } from '../../../lib/application/schema/replace.ts';
import { requireTeam } from '../../../lib/application/teams.ts';
import type { ReplacementReason } from '../../../lib/domain/renewal.ts';
import type { Answer, Call, Route } from '../route.ts';

const PER_HOUR = 60;

async function replace({ services, body, meta }: Call): Promise<Answer> {
  const { reason, perHour = PER_HOUR, confirm = false, ...scope } = parse(replaceBody, body);
  if (scope.team !== undefined) await requireTeam(services, scope.team, 'team');
  const byScope: ReplacementReason = scope.key ? 'KeyCompromised' : scope.ca ? 'CaCompromised' : 'Manual';
  const order = { reason: reason ?? byScope, perHour, confirm };
  return { status: 200, json: await replaceCertificates(services, scope, order, meta) };
}

export const replacementRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/replacements',
    operation: 'replaceCertificates',
    tag: 'certificates',
    summary: 'Replace a whole set of certificates, at a bounded rate',
    description:
      'Answers the plan; with confirm it is done: each certificate gets its own instant, the shortest life left first. What is planned for the same reason already keeps its instant.',
    access: { team: '*', verb: 'admin' },
    body: { schema: 'ReplacementsInput', required: true },
    answers: { 200: { description: 'What is replaced when.', schema: 'Replacements' } },
    problems: [404, 409],
    handle: replace,
  },
];
