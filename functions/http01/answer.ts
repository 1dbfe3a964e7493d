import type { ChallengeTokens } from '../../lib/ports/challengeTokens.ts';

/** RFC 8555 8.3: the path, and the token in base64url. CAs' tokens have some 43 characters. */
const PATH = /^\/\.well-known\/acme-challenge\/([A-Za-z0-9_-]{1,128})$/;

/** What is answered to whoever asks for a token. */
export interface ChallengeAnswer {
  readonly status: 200 | 404 | 503;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** GET and HEAD of a live presented token answer its key authorization (RFC 8555 8.3); anything else is 404 without a body. */
export async function answerChallenge(tokens: ChallengeTokens, method: string, path: string): Promise<ChallengeAnswer> {
  const token = method === 'GET' || method === 'HEAD' ? PATH.exec(path)?.[1] : undefined;
  try {
    const keyAuthorization = token && (await tokens.find(token));
    return keyAuthorization ? answer(200, keyAuthorization) : answer(404, '');
  } catch {
    // The store's own monitoring tells why; a stranger is told nothing. The CA tries again.
    return answer(503, '');
  }
}

const answer = (status: ChallengeAnswer['status'], body: string): ChallengeAnswer => ({
  status,
  headers: {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // RFC 8555 8.3 shows this type; no browser renders it.
    ...(status === 200 ? { 'content-type': 'application/octet-stream' } : {}),
  },
  body,
});
