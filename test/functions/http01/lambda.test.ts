import { describe, expect, it } from 'vitest';
import { lambdaHttp01 } from '../../../functions/http01/lambda.ts';
import type { ChallengeTokens } from '../../../lib/ports/challengeTokens.ts';

const tokens = (find: ChallengeTokens['find']): ChallengeTokens => ({
  find,
  put: async () => {},
  remove: async () => {},
});

const ask = (handler: ReturnType<typeof lambdaHttp01>, rawPath: string, method = 'GET') =>
  handler({
    rawPath,
    rawQueryString: '',
    headers: {},
    isBase64Encoded: false,
    requestContext: { http: { method, path: rawPath }, stage: '$default' },
  });

describe('http-01 behind API Gateway', () => {
  const handler = lambdaHttp01(tokens(async (token) => (token === 'live' ? 'live.thumbprint' : undefined)));

  it('answers a live token with its key authorization', async () => {
    const { statusCode, body } = await ask(handler, '/.well-known/acme-challenge/live');
    expect({ statusCode, body }).toEqual({ statusCode: 200, body: 'live.thumbprint' });
  });

  it.each([
    ['GET', '/.well-known/acme-challenge/other'],
    ['POST', '/.well-known/acme-challenge/live'],
    ['GET', '/.well-known/acme-challenge/../live'],
    ['GET', '/v1/teams'],
  ])('answers %s %s with 404 and nothing', async (method, path) => {
    const { statusCode, body } = await ask(handler, path, method);
    expect({ statusCode, body }).toEqual({ statusCode: 404, body: '' });
  });

  it('tells a stranger nothing of a store that fails', async () => {
    const broken = lambdaHttp01(tokens(async () => Promise.reject(new Error('table chancery-x'))));
    expect(await ask(broken, '/.well-known/acme-challenge/live')).toMatchObject({ statusCode: 503, body: '' });
  });
});
