import { EVERY_TEAM } from '../../../lib/application/authorize.ts';
import { putCluster, readCluster, removeCluster } from '../../../lib/application/clustersAdmin.ts';
import { listClusters, listTeams, listTokens } from '../../../lib/application/lists.ts';
import { clusterBody } from '../../../lib/application/schema/cluster.ts';
import { parse } from '../../../lib/application/schema/parse.ts';
import { normalizeTeamPolicy, teamBody } from '../../../lib/application/schema/team.ts';
import { tokenBody } from '../../../lib/application/schema/token.ts';
import { deleteTeam, putTeam, readTeam, requireTeam } from '../../../lib/application/teams.ts';
import { issueToken, readToken, revokeToken } from '../../../lib/application/tokens.ts';
import { clusterDecider, clusterStream } from '../../../lib/domain/cluster.ts';
import { durationSeconds } from '../../../lib/domain/duration.ts';
import { teamDecider, teamStream } from '../../../lib/domain/team.ts';
import { plusSeconds } from '../../../lib/domain/time.ts';
import { listed, nothing, pageOf, put, shown } from '../answers.ts';
import { conditionally } from '../conditional.ts';
import { listQuery } from '../queries.ts';
import type { Access, Call, Route } from '../route.ts';

const admin: Access = { team: '*', verb: 'admin' };

const lookAtCluster = (call: Call) => async () => {
  const { state, version } = await call.services.ledger.load(clusterDecider, clusterStream(call.params.cluster!));
  return { exists: state.status === 'registered', version };
};

const lookAtTeam = (call: Call) => async () => {
  const { state, version } = await call.services.ledger.load(teamDecider, teamStream(call.params.team!));
  return { exists: state.status === 'live', version };
};

const cluster = { description: 'The cluster and whether it answers.', schema: 'Cluster' };

export const clusterRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/clusters',
    operation: 'listClusters',
    tag: 'clusters',
    summary: 'List the registered clusters',
    access: { team: '*', verb: 'read' },
    query: listQuery,
    answers: { 200: { description: 'A page.', schema: 'ClusterList' } },
    handle: async (call) => listed('clusters', await listClusters(call.services, pageOf('clusters', call.query))),
  },
  {
    method: 'GET',
    path: '/v1/clusters/{cluster}',
    operation: 'getCluster',
    tag: 'clusters',
    summary: 'Describe a cluster',
    access: { team: '*', verb: 'read' },
    answers: { 200: cluster },
    problems: [404],
    handle: async (call) => shown(await readCluster(call.services, call.params.cluster!)),
  },
  {
    method: 'PUT',
    path: '/v1/clusters/{cluster}',
    operation: 'putCluster',
    tag: 'clusters',
    summary: 'Register a cluster, or give it other access',
    description: 'Its access is sealed and shown to nobody. Equal access changes nothing.',
    access: admin,
    body: { schema: 'ClusterInput', required: true },
    conditional: true,
    answers: { 200: cluster, 201: { ...cluster, description: 'A new cluster.' } },
    handle: async (call) => {
      const input = parse(clusterBody, call.body);
      return put(
        await conditionally(call.preconditions, lookAtCluster(call), (expected) =>
          putCluster(call.services, call.params.cluster!, input, call.meta, expected),
        ),
      );
    },
  },
  {
    method: 'DELETE',
    path: '/v1/clusters/{cluster}',
    operation: 'deleteCluster',
    tag: 'clusters',
    summary: 'Forget a cluster',
    description: 'Delivered Secrets stay in it.',
    access: admin,
    conditional: true,
    answers: { 204: { description: 'It is forgotten.' } },
    problems: [404],
    handle: async (call) => {
      await conditionally(call.preconditions, lookAtCluster(call), (expected) =>
        removeCluster(call.services, call.params.cluster!, call.meta, expected),
      );
      return nothing;
    },
  },
];

const team = { description: 'The team and its policy.', schema: 'Team' };

export const teamRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/teams',
    operation: 'listTeams',
    tag: 'teams',
    summary: 'List the teams that the token may act for',
    access: { team: 'any', verb: 'read' },
    query: listQuery,
    answers: { 200: { description: 'A page.', schema: 'TeamList' } },
    handle: async (call) =>
      listed('teams', await listTeams(call.services, call.principal.teams, pageOf('teams', call.query))),
  },
  {
    method: 'GET',
    path: '/v1/teams/{team}',
    operation: 'getTeam',
    tag: 'teams',
    summary: "Show a team's policy",
    access: { team: 'path', verb: 'read' },
    answers: { 200: team },
    problems: [404],
    handle: async (call) => shown(await readTeam(call.services, call.params.team!)),
  },
  {
    method: 'PUT',
    path: '/v1/teams/{team}',
    operation: 'putTeam',
    tag: 'teams',
    summary: 'Make a team, or set its policy',
    access: admin,
    body: { schema: 'TeamInput', required: false },
    conditional: true,
    answers: { 200: team, 201: { ...team, description: 'A new team.' } },
    handle: async (call) => {
      const name = call.params.team!;
      const input = parse(teamBody, call.body ?? {});
      const policy = normalizeTeamPolicy(input.policy ?? {}, { team: name });
      return put(
        await conditionally(call.preconditions, lookAtTeam(call), (expected) =>
          putTeam(call.services, name, policy, call.meta, expected),
        ),
      );
    },
  },
  {
    method: 'DELETE',
    path: '/v1/teams/{team}',
    operation: 'deleteTeam',
    tag: 'teams',
    summary: 'Delete a team that has no certificates',
    access: admin,
    conditional: true,
    answers: { 204: { description: 'It is deleted.' } },
    problems: [404, 409],
    handle: async (call) => {
      await conditionally(call.preconditions, lookAtTeam(call), (expected) =>
        deleteTeam(call.services, call.params.team!, call.meta, expected),
      );
      return nothing;
    },
  },
];

export const tokenRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/tokens',
    operation: 'listTokens',
    tag: 'tokens',
    summary: 'List the tokens, without their secrets',
    access: admin,
    query: listQuery,
    answers: { 200: { description: 'A page.', schema: 'TokenList' } },
    handle: async (call) => listed('tokens', await listTokens(call.services, pageOf('tokens', call.query))),
  },
  {
    method: 'POST',
    path: '/v1/tokens',
    operation: 'issueToken',
    tag: 'tokens',
    summary: 'Issue a token',
    description: 'The answer shows it once. Only its hash is kept.',
    access: admin,
    body: { schema: 'TokenInput', required: true },
    answers: { 201: { description: 'The token with its secret.', schema: 'IssuedToken' } },
    handle: async (call) => {
      const { expiresIn, ...input } = parse(tokenBody, call.body);
      if (input.team !== EVERY_TEAM) await requireTeam(call.services, input.team, 'team');
      const expires = plusSeconds(call.services.clock.now(), durationSeconds(expiresIn)!);
      const { token, answer } = await issueToken(call.services, { ...input, expires }, call.meta);
      return { status: 201, json: { ...answer, token }, headers: { location: `/v1/tokens/${answer.id}` } };
    },
  },
  {
    method: 'GET',
    path: '/v1/tokens/{id}',
    operation: 'getToken',
    tag: 'tokens',
    summary: 'Describe a token',
    access: admin,
    answers: { 200: { description: 'The token without its secret.', schema: 'Token' } },
    problems: [404],
    handle: async (call) => ({ status: 200, json: await readToken(call.services, call.params.id!) }),
  },
  {
    method: 'DELETE',
    path: '/v1/tokens/{id}',
    operation: 'revokeToken',
    tag: 'tokens',
    summary: 'Revoke a token, at once',
    access: admin,
    answers: { 204: { description: 'It is revoked.' } },
    problems: [404],
    handle: async (call) => {
      await revokeToken(call.services, call.params.id!, call.meta);
      return nothing;
    },
  },
];
