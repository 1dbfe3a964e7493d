import { LARGEST_BODY } from '../../functions/api/request.ts';
import type { Sent } from './api.ts';
import { APP } from './webApi.ts';

/** A request that HTTP or JSON already refuse, and what it is refused with. */
export type BadRequest = readonly [
  what: string,
  method: string,
  path: string,
  sent: Pick<Sent, 'json' | 'body' | 'headers'>,
  status: number,
  code: string,
];

const json = { 'content-type': 'application/json' };

/** Requests of an administrator that are refused for what they are, on every runtime. */
export const badRequests: readonly BadRequest[] = [
  ['an unknown path', 'GET', '/v1/nothing', {}, 404, 'RouteNotFound'],
  ['a trailing slash', 'GET', '/v1/teams/', {}, 422, 'InvalidName'],
  ['a name of a team that is none', 'GET', '/v1/teams/We_b/certificates', {}, 422, 'InvalidName'],
  ['bad percent-encoding', 'GET', '/v1/teams/%zz', {}, 400, 'InvalidPath'],
  ['a method that the path does not take', 'PATCH', APP, {}, 405, 'MethodNotAllowed'],
  ['bad JSON', 'PUT', APP, { body: '{"spec": {', headers: json }, 400, 'InvalidJson'],
  ['no content type', 'PUT', APP, { body: '{}' }, 415, 'UnsupportedMediaType'],
  ['YAML', 'PUT', APP, { body: 'a: b', headers: { 'content-type': 'application/yaml' } }, 415, 'UnsupportedMediaType'],
  [
    'a form',
    'PUT',
    APP,
    { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    415,
    'UnsupportedMediaType',
  ],
  [
    'JSON in another charset',
    'PUT',
    APP,
    { body: '{}', headers: { 'content-type': 'application/json; charset=latin1' } },
    415,
    'UnsupportedMediaType',
  ],
  ['a body over 256 KiB', 'PUT', APP, { body: new Uint8Array(LARGEST_BODY + 1), headers: json }, 413, 'BodyTooLarge'],
  ['no body', 'PUT', APP, {}, 422, 'InvalidInput'],
  ['a body that is no object', 'PUT', APP, { json: [1] }, 422, 'InvalidInput'],
  [
    'a body nested 100,000 deep',
    'PUT',
    APP,
    { body: `${'['.repeat(1e5)}${']'.repeat(1e5)}`, headers: json },
    422,
    'InvalidInput',
  ],
  ['an unknown parameter', 'GET', `${APP}?nope=1`, {}, 422, 'InvalidInput'],
  ['a parameter that is there twice', 'GET', '/v1/teams?limit=1&limit=2', {}, 400, 'InvalidQuery'],
  ['a limit of zero', 'GET', '/v1/teams?limit=0', {}, 422, 'InvalidInput'],
  ['a limit that is no number', 'GET', '/v1/teams?limit=1e2', {}, 422, 'InvalidInput'],
  ['a time that is none', 'GET', `${APP}?at=yesterday`, {}, 422, 'InvalidInput'],
  ['a cursor that nobody answered', 'GET', '/v1/teams?cursor=abc', {}, 400, 'InvalidCursor'],
  [
    'a cursor of another list',
    'GET',
    `/v1/teams?cursor=${Buffer.from('["tokens","a"]').toString('base64url')}`,
    {},
    400,
    'InvalidCursor',
  ],
  ['a wait over 25 seconds', 'GET', `${APP}/events?wait=26`, {}, 422, 'InvalidInput'],
  ['an entity tag without quotes', 'PUT', APP, { json: {}, headers: { 'if-match': '3' } }, 400, 'InvalidPrecondition'],
];
