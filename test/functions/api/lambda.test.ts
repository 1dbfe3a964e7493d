import { describe, expect, it } from 'vitest';
import { type HttpEvent, lambdaApi } from '../../../functions/api/lambda.ts';
import type { ApiRequest } from '../../../functions/api/request.ts';

const event = (of: Partial<HttpEvent> & { method?: string; stage?: string }): HttpEvent => ({
  rawPath: '/v1/teams',
  rawQueryString: '',
  headers: {},
  isBase64Encoded: false,
  ...of,
  requestContext: { http: { method: of.method ?? 'GET', path: of.rawPath ?? '' }, stage: of.stage ?? '$default' },
});

async function taken(of: Parameters<typeof event>[0]): Promise<ApiRequest> {
  let seen: ApiRequest | undefined;
  const handler = lambdaApi(async (request) => {
    seen = request;
    return { status: 200, headers: {}, body: '' };
  });
  await handler(event(of));
  return seen!;
}

describe('The API behind API Gateway', () => {
  it('takes path and query as the client sent them', async () => {
    const { path, query, method } = await taken({
      rawPath: '/v1/teams/a%2Fb',
      rawQueryString: 'limit=5',
      method: 'PUT',
    });
    expect({ path, query, method }).toEqual({ path: '/v1/teams/a%2Fb', query: 'limit=5', method: 'PUT' });
  });

  it('leaves out a stage that is not the default, and nothing that only begins like it', async () => {
    expect((await taken({ rawPath: '/live/v1/teams', stage: 'live' })).path).toBe('/v1/teams');
    expect((await taken({ rawPath: '/live', stage: 'live' })).path).toBe('/');
    expect((await taken({ rawPath: '/lively', stage: 'live' })).path).toBe('/lively');
  });

  it('takes header names in lower case', async () => {
    expect((await taken({ headers: { Authorization: 'Bearer x' } })).headers).toEqual({ authorization: 'Bearer x' });
  });

  it('takes a body as text and as base64', async () => {
    const octets = async (of: Partial<HttpEvent>) => Buffer.from((await taken(of)).body).toString('utf8');
    expect(await octets({ body: '{"ä":1}' })).toBe('{"ä":1}');
    expect(await octets({ body: Buffer.from('{"ä":1}').toString('base64'), isBase64Encoded: true })).toBe('{"ä":1}');
    expect(await octets({})).toBe('');
  });

  it('hands on status, headers and body', async () => {
    const handler = lambdaApi(async () => ({ status: 404, headers: { 'x-a': 'b' }, body: 'none' }));
    expect(await handler(event({}))).toEqual({ statusCode: 404, headers: { 'x-a': 'b' }, body: 'none' });
  });

  it('is never taken for this machine, whatever the headers say', async () => {
    expect((await taken({ headers: { 'x-forwarded-for': '127.0.0.1' } })).loopback).toBeUndefined();
  });
});
