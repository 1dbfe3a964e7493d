import { applyBatch, teamOfResource } from '../../../lib/application/apply.ts';
import { authorize } from '../../../lib/application/authorize.ts';
import { applyBody } from '../../../lib/application/schema/apply.ts';
import { parse } from '../../../lib/application/schema/parse.ts';
import { dryRunQuery, isTrue } from '../queries.ts';
import type { Answer, Call, Route } from '../route.ts';

async function apply(call: Call): Promise<Answer> {
  const { services, principal, meta, query } = call;
  const { resources } = parse(applyBody, call.body);
  for (const team of new Set(resources.map(teamOfResource))) authorize(principal, 'write', team);
  const { directoryRoots = [], defaultDestination } = call.options;
  const context = { directoryRoots, defaultDestination, meta, dryRun: isTrue(query.dryRun) };
  const applied = await applyBatch(services, resources, context);
  return { status: 200, json: { resources: applied } };
}

export const applyRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/apply',
    operation: 'apply',
    tag: 'apply',
    summary: 'Apply a batch of certificates and issuers, all or nothing',
    description:
      'All of it is checked before anything is done; issuers of the batch count as there, and come first. Errors name resources[index], ' +
      'and the document and line that the resource came with.',
    access: { team: 'any', verb: 'write' },
    query: dryRunQuery,
    body: { schema: 'ApplyInput', required: true },
    answers: { 200: { description: 'What became of each resource.', schema: 'Applied' } },
    handle: apply,
  },
];
