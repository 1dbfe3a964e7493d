import { checkName, labelName, subdomainName } from '../../lib/application/schema/common.ts';
import { SHARED } from '../../lib/domain/issuer.ts';
import { Refusal } from '../../lib/domain/refusal.ts';
import { HttpRefusal } from './problem.ts';
import type { Route } from './route.ts';

/** A route that a request is for, with the parameters of its path, decoded and not yet checked. */
export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the route of a method and a path. HEAD is GET without its body (RFC 9110 9.3.2). */
export type Router = (method: string, path: string) => Match;

/** A router over a table. It throws Refusal `RouteNotFound`, `InvalidPath`, and `MethodNotAllowed` with Allow. */
export function router(routes: readonly Route[]): Router {
  const patterns = routes.map((route) => ({ route, segments: route.path.split('/') }));
  return (method, path) => {
    const asked = path.split('/');
    const found = patterns.flatMap(({ route, segments }) => {
      const params = matched(segments, asked);
      return params ? [{ route, params }] : [];
    });
    if (found.length === 0) {
      throw new Refusal('RouteNotFound', 'there is nothing at this path', {
        remedy: 'see /openapi.json for what there is',
      });
    }
    const wanted = method === 'HEAD' ? 'GET' : method;
    const match = found.find(({ route }) => route.method === wanted);
    if (match) return match;
    throw notAllowed(found.map(({ route }) => route.method));
  };
}

function notAllowed(methods: readonly string[]): HttpRefusal {
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ');
  return new HttpRefusal('MethodNotAllowed', 'the path does not take this method', {
    remedy: `use ${allow}`,
    headers: { allow },
  });
}

function matched(segments: readonly string[], asked: readonly string[]): Record<string, string> | undefined {
  if (segments.length !== asked.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const text = asked[index]!;
    if (segment.startsWith('{')) params[segment.slice(1, -1)] = decoded(text);
    else if (segment !== text) return undefined;
  }
  return params;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refusal('InvalidPath', 'the path is not well encoded', { remedy: 'encode it as RFC 3986 says' });
  }
}

const NAMES: Readonly<Record<string, typeof labelName | typeof subdomainName>> = {
  team: labelName,
  cluster: labelName,
  name: subdomainName,
};

/** Checks the names in a path. `-` is the shared owner in a team's place. @throws Refusal `InvalidName` */
export function checkParams(params: Match['params']): void {
  for (const [name, value] of Object.entries(params)) {
    const schema = NAMES[name];
    const shared = name === 'team' && value === SHARED;
    if (schema && !shared) checkName(schema, value, `path.${name}`);
  }
}
