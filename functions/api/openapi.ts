import { z } from 'zod';
import { title } from './problem.ts';
import type { Route, Told } from './route.ts';
import { INPUTS, OUTPUTS } from './schemas.ts';

type Json = Readonly<Record<string, unknown>>;

/** Problems that every route with a token may answer, and those that come with a feature of it. */
const ALWAYS = [500];
const WITH_TOKEN = [401, 403];

const PARAMETERS: Readonly<Record<string, string>> = {
  team: 'The team; `-` for what is shared.',
  name: "The resource's name.",
  cluster: "The cluster's name.",
  id: "The token's id.",
};

/** The OpenAPI 3.1 document of a table of routes. @param version the program's */
export function openapi(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    paths[route.path]![route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Chancery',
      version,
      description:
        'Issues, renews and delivers TLS certificates. Errors are problem documents (RFC 9457) with a stable `code`. ' +
        'ETags are versions of resources; If-Match and If-None-Match are honoured where they are named.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A token of ours, or a JWT of the configured issuer.' },
      },
      schemas: schemas(),
    },
  };
}

function schemas(): Json {
  const input = Object.entries(INPUTS).map(([name, schema]) => [name, jsonSchema(schema, 'input')]);
  const output = Object.entries(OUTPUTS).map(([name, schema]) => [name, jsonSchema(schema, 'output')]);
  return Object.fromEntries([...input, ...output]);
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
  return rest;
}

function operation(route: Route): Json {
  const { access, tag, summary, description, body } = route;
  return {
    operationId: route.operation,
    tags: [tag],
    summary,
    ...(description && { description }),
    ...(access === 'public' ? { security: [] } : { 'x-chancery-verb': access.verb, 'x-chancery-team': access.team }),
    parameters: [...pathParameters(route), ...queryParameters(route), ...conditionalHeaders(route)],
    ...(body && { requestBody: { required: body.required, content: content(body.schema, 'application/json') } }),
    responses: { ...answers(route), ...problems(route) },
  };
}

function pathParameters({ path }: Route): Json[] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  return names.map((name) => ({
    name,
    in: 'path',
    required: true,
    description: PARAMETERS[name],
    schema: { type: 'string' },
  }));
}

function queryParameters({ query }: Route): Json[] {
  const { properties = {} } = query ? (jsonSchema(query, 'input') as { properties?: Record<string, Json> }) : {};
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: false,
    description,
    schema,
  }));
}

function conditionalHeaders({ conditional }: Route): Json[] {
  if (!conditional) return [];
  const header = (name: string, description: string) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  });
  return [
    header('If-Match', 'Only if the resource is at this version: its ETag, or * for any.'),
    header('If-None-Match', '* only if the resource is not there.'),
  ];
}

function answers(route: Route): Json {
  const entries = Object.entries(route.answers).map(([status, told]) => [status, answer(told)]);
  return Object.fromEntries(entries);
}

function answer({ description, schema, contentType }: Told): Json {
  if (!schema && !contentType) return { description };
  return { description, content: content(schema, contentType ?? 'application/json') };
}

const content = (schema: string | undefined, type: string): Json => ({
  [type.split(';')[0]!]: { schema: schema ? { $ref: `#/components/schemas/${schema}` } : { type: 'string' } },
});

function problems({ access, method, body, query, conditional, path, problems: own = [], answers: told }: Route): Json {
  const statuses = [
    ...ALWAYS,
    ...(access === 'public' ? [] : WITH_TOKEN),
    ...(query ? [400, 422] : []),
    ...(path.includes('{') ? [400, 422] : []),
    ...(body ? [400, 413, 415, 422] : []),
    ...(conditional ? [400, 409, 412] : []),
    ...(access === 'public' ? [] : [503]),
    ...(method === 'GET' ? [] : [507]),
    ...own,
  ];
  const distinct = [...new Set(statuses)].filter((status) => !(status in told)).sort((a, b) => a - b);
  return Object.fromEntries(
    distinct.map((status) => [
      status,
      { description: title(status), content: content('Problem', 'application/problem+json') },
    ]),
  );
}
