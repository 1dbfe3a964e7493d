import { changeAccountKey, deleteIssuer, putIssuer, readIssuer } from '../../../lib/application/issuers.ts';
import { listIssuers } from '../../../lib/application/lists.ts';
import { readIssuerBody } from '../../../lib/application/schema/read.ts';
import { issuerDecider, issuerStream, SHARED } from '../../../lib/domain/issuer.ts';
import { listed, nothing, pageOf, put, shown } from '../answers.ts';
import { conditionally } from '../conditional.ts';
import { listQuery } from '../queries.ts';
import type { Access, Call, Route } from '../route.ts';

const ownerOf = ({ params }: Call): string => params.team ?? SHARED;

const look = (call: Call) => async () => {
  const { state, version } = await call.services.ledger.load(
    issuerDecider,
    issuerStream(ownerOf(call), call.params.name!),
  );
  return { exists: state.status === 'configured', version };
};

const issuer = { description: 'The issuer and whether it is ready.', schema: 'Issuer' };

/** The same for the issuers of a team and for shared ones. */
function issuerRoutes(path: string, kind: 'Issuer' | 'ClusterIssuer', read: Access, write: Access): Route[] {
  const words = kind === 'Issuer' ? "a team's issuer" : 'a shared issuer';
  const base = { tag: 'issuers' };
  const one = `${path}/{name}`;
  return [
    {
      ...base,
      method: 'GET',
      path,
      operation: `list${kind}s`,
      summary: kind === 'Issuer' ? "List a team's issuers" : 'List the shared issuers',
      access: read,
      query: listQuery,
      answers: { 200: { description: 'A page.', schema: 'IssuerList' } },
      handle: async (call) =>
        listed('issuers', await listIssuers(call.services, ownerOf(call), pageOf('issuers', call.query))),
    },
    {
      ...base,
      method: 'GET',
      path: one,
      operation: `get${kind}`,
      summary: `Describe ${words}`,
      access: read,
      answers: { 200: issuer },
      problems: [404],
      handle: async (call) => shown(await readIssuer(call.services, ownerOf(call), call.params.name!)),
    },
    {
      ...base,
      method: 'PUT',
      path: one,
      operation: `put${kind}`,
      summary: `Configure ${words}`,
      access: write,
      body: { schema: 'IssuerInput', required: true },
      conditional: true,
      answers: { 200: issuer, 201: { ...issuer, description: 'A new issuer.' } },
      problems: [404],
      handle: async (call) => {
        const spec = readIssuerBody(call.body, { defaults: 'chancery' });
        const request = { owner: ownerOf(call), name: call.params.name!, spec };
        return put(
          await conditionally(call.preconditions, look(call), (expected) =>
            putIssuer(call.services, request, call.meta, expected),
          ),
        );
      },
    },
    {
      ...base,
      method: 'DELETE',
      path: one,
      operation: `delete${kind}`,
      summary: `Delete ${words}`,
      description: 'Certificates that it issued stay; they are not renewed without it.',
      access: write,
      conditional: true,
      answers: { 204: { description: 'It is deleted.' } },
      problems: [404],
      handle: async (call) => {
        await conditionally(call.preconditions, look(call), (expected) =>
          deleteIssuer(call.services, ownerOf(call), call.params.name!, call.meta, expected),
        );
        return nothing;
      },
    },
    {
      ...base,
      method: 'POST',
      path: `${one}/rekey`,
      operation: `rekey${kind}`,
      summary: `Have the account of ${words} take another key`,
      description:
        'The key is made where the configuration has keys of accounts made; then the CA is asked to take it in the place of the former one (RFC 8555 7.3.5), until it agrees or refuses for good. The account stays the same.',
      access: write,
      answers: { 202: { ...issuer, description: 'It is on its way.' } },
      problems: [404, 409],
      handle: async (call) => ({
        ...shown(await changeAccountKey(call.services, ownerOf(call), call.params.name!, call.meta)),
        status: 202,
      }),
    },
  ];
}

export const allIssuerRoutes: readonly Route[] = [
  ...issuerRoutes(
    '/v1/teams/{team}/issuers',
    'Issuer',
    { team: 'path', verb: 'read' },
    { team: 'path', verb: 'write' },
  ),
  ...issuerRoutes(
    '/v1/clusterissuers',
    'ClusterIssuer',
    // Teams name shared issuers in their certificates, so each may see them.
    { team: 'any', verb: 'read' },
    { team: '*', verb: 'admin' },
  ),
];
