import { deleteCredential, putCredential, readCredential } from '../../../lib/application/credentialsAdmin.ts';
import { listCredentials } from '../../../lib/application/lists.ts';
import { credentialBody } from '../../../lib/application/schema/credential.ts';
import { parse } from '../../../lib/application/schema/parse.ts';
import { credentialDecider, credentialStream } from '../../../lib/domain/credential.ts';
import { SHARED } from '../../../lib/domain/issuer.ts';
import { listed, nothing, pageOf, put, shown } from '../answers.ts';
import { conditionally } from '../conditional.ts';
import { listQuery } from '../queries.ts';
import type { Access, Call, Route } from '../route.ts';

const ownerOf = ({ params }: Call): string => params.team ?? SHARED;

const look = (call: Call) => async () => {
  const { state, version } = await call.services.ledger.load(
    credentialDecider,
    credentialStream(ownerOf(call), call.params.name!),
  );
  return { exists: state.ref !== undefined, version };
};

const credential = { description: 'The names of its values.', schema: 'Credential' };

/** The same for the credentials of a team and for those of the shared issuers. */
function credentialRoutes(
  path: string,
  kind: 'Credential' | 'ClusterCredential',
  access: (verb: 'read' | 'write') => Access,
): Route[] {
  const words = kind === 'Credential' ? "a team's credential" : 'a credential of the shared issuers';
  const base = { tag: 'credentials' };
  const one = `${path}/{name}`;
  return [
    {
      ...base,
      method: 'GET',
      path,
      operation: `list${kind}s`,
      summary: kind === 'Credential' ? "List a team's credentials" : 'List the credentials of the shared issuers',
      access: access('read'),
      query: listQuery,
      answers: { 200: { description: 'A page.', schema: 'CredentialList' } },
      handle: async (call) =>
        listed('credentials', await listCredentials(call.services, ownerOf(call), pageOf('credentials', call.query))),
    },
    {
      ...base,
      method: 'GET',
      path: one,
      operation: `get${kind}`,
      summary: `Show which values ${words} has`,
      description: 'The values themselves are shown to nobody.',
      access: access('read'),
      answers: { 200: credential },
      problems: [404],
      handle: async (call) => shown(await readCredential(call.services, ownerOf(call), call.params.name!)),
    },
    {
      ...base,
      method: 'PUT',
      path: one,
      operation: `put${kind}`,
      summary: `Store ${words}`,
      description: 'Takes the place of what it had, whole. Equal values change nothing.',
      access: access('write'),
      body: { schema: 'CredentialInput', required: true },
      conditional: true,
      answers: { 200: credential, 201: { ...credential, description: 'A new credential.' } },
      problems: [404],
      handle: async (call) => {
        const { data } = parse(credentialBody, call.body);
        const request = { owner: ownerOf(call), name: call.params.name!, data };
        return put(
          await conditionally(call.preconditions, look(call), (expected) =>
            putCredential(call.services, request, call.meta, expected),
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
      access: access('write'),
      conditional: true,
      answers: { 204: { description: 'It is deleted.' } },
      problems: [404],
      handle: async (call) => {
        await conditionally(call.preconditions, look(call), (expected) =>
          deleteCredential(call.services, ownerOf(call), call.params.name!, call.meta, expected),
        );
        return nothing;
      },
    },
  ];
}

export const allCredentialRoutes: readonly Route[] = [
  ...credentialRoutes('/v1/teams/{team}/credentials', 'Credential', (verb) => ({ team: 'path', verb })),
  ...credentialRoutes('/v1/clustercredentials', 'ClusterCredential', () => ({ team: '*', verb: 'admin' })),
];
