import { authorize, EVERY_TEAM, type Principal, requireVerb } from '../../lib/application/authorize.ts';
import { parse } from '../../lib/application/schema/parse.ts';
import { identify } from './auth.ts';
import { etag, readPreconditions } from './conditional.ts';
import { problemOf, problemResponse, unexpected } from './problem.ts';
import type { Query } from './queries.ts';
import { type ApiRequest, type ApiResponse, checkSize, readJson, readQuery } from './request.ts';
import type { Answer, ApiOptions, ApiServices, Route } from './route.ts';
import { checkParams, type Match, router } from './router.ts';
import { routes } from './routes.ts';

/** The HTTP API: takes a request of any runtime, answers it, and never throws. */
export type Api = (request: ApiRequest) => Promise<ApiResponse>;

/** Nobody, where nobody need be known. */
const ANYBODY: Principal = { actor: 'anybody', teams: [], verbs: [] };

/** The API over services. What a request leads to carries its correlation id, which the answer names too. */
export function createApi(services: ApiServices, options: ApiOptions): Api {
  const find = router(routes);
  return async (request) => {
    const correlationId = services.ids.uuid();
    const begun = performance.now();
    let match: Match | undefined;
    let response: ApiResponse;
    try {
      match = find(request.method, request.path);
      response = respond(await answer(services, options, request, match, correlationId));
    } catch (error) {
      response = failure(services, error, correlationId);
    }
    const operation = match?.route.operation ?? 'none';
    const seconds = (performance.now() - begun) / 1000;
    options.observe?.({ operation, status: response.status, seconds });
    return finished(request, response, correlationId);
  };
}

async function answer(
  services: ApiServices,
  options: ApiOptions,
  request: ApiRequest,
  { route, params }: Match,
  correlationId: string,
): Promise<Answer> {
  checkSize(request.body.length);
  const principal = await admitted(services, options, request, route, params);
  checkParams(params);
  const query = route.query ? (parse(route.query, readQuery(request.query), 'query') as Query) : {};
  const body = route.body ? readJson(request) : undefined;
  const preconditions = route.conditional ? readPreconditions(request) : {};
  const meta = { actor: principal.actor, correlationId };
  return route.handle({ services, options, request, principal, params, query, body, preconditions, meta });
}

/** Who asks, when they may. @throws Refusal of 401 and 403 */
async function admitted(
  services: ApiServices,
  options: ApiOptions,
  request: ApiRequest,
  { access, operation }: Route,
  params: Match['params'],
): Promise<Principal> {
  const open = operation === 'getMetrics' && options.openMetrics && request.loopback;
  if (access === 'public' || open) return ANYBODY;
  const principal = await identify(services, options.oidc, request);
  if (access.team === 'any') requireVerb(principal, access.verb);
  else authorize(principal, access.verb, access.team === 'path' ? params.team! : EVERY_TEAM);
  return principal;
}

function respond({ status, json, text, contentType, version, headers }: Answer): ApiResponse {
  const body = json === undefined ? text : JSON.stringify(json);
  return {
    status,
    headers: {
      ...headers,
      ...(body !== undefined && { 'content-type': contentType ?? 'application/json' }),
      ...(version !== undefined && { etag: etag(version) }),
    },
    body: body ?? '',
  };
}

function failure(services: Pick<ApiServices, 'log'>, error: unknown, correlationId: string): ApiResponse {
  const problem = problemOf(error);
  if (problem && problem.body.status < 500) return problemResponse(problem.body, problem.headers);
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  services.log.error('a request failed', { correlationId, error: name, message, stack });
  return problem ? problemResponse(problem.body, problem.headers) : problemResponse(unexpected(correlationId), {});
}

/** Headers of every answer: nothing of it is for caches, and a browser is to make nothing of it. */
function finished(request: ApiRequest, response: ApiResponse, correlationId: string): ApiResponse {
  const headers = {
    ...response.headers,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-correlation-id': correlationId,
  };
  return { ...response, headers, body: request.method === 'HEAD' ? '' : response.body };
}
