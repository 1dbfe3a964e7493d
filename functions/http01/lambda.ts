import type { ChallengeTokens } from '../../lib/ports/challengeTokens.ts';
import { type HttpEvent, type HttpResult, requestOf } from '../api/lambda.ts';
import { answerChallenge } from './answer.ts';

/** HTTP-01 behind API Gateway: a site redirects `/.well-known/acme-challenge/` here, and the CA follows (RFC 8555 8.3). */
export const lambdaHttp01 =
  (tokens: ChallengeTokens) =>
  async (event: HttpEvent): Promise<HttpResult> => {
    const { method, path } = requestOf(event);
    const { status, headers, body } = await answerChallenge(tokens, method, path);
    return { statusCode: status, headers, body };
  };
