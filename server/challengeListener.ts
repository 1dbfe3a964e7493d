import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerChallenge } from '../functions/http01/answer.ts';
import type { ChallengeTokens } from '../lib/ports/challengeTokens.ts';

/** Where http-01 challenges are answered. `port` is the one that was bound, also when 0 was asked for. */
export interface ChallengeListener {
  readonly host: string;
  readonly port: number;
  /** Takes no more connections, lets answers under way go out for a second, and ends the rest. */
  close(): Promise<void>;
}

/** Milliseconds. A CA asks for a few octets at once; whoever is slow is no CA. */
const HEADERS_WITHIN = 5_000;
const REQUEST_WITHIN = 10_000;
const IDLE = 5_000;
const GRACE = 1_000;

const MAX_HEADER_BYTES = 8 * 1024;
const MAX_CONNECTIONS = 1_000;

/**
 * Starts the plain HTTP listener for http-01 (RFC 8555 8.3): GET and HEAD of a live presented token answer its key authorization, anything
 * else is 404 without a body. CAs come on port 80, so that port is forwarded here, or this listens on it.
 *
 * @throws the listening error of node:net, such as EADDRINUSE
 */
export async function challengeListener(
  tokens: ChallengeTokens,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<ChallengeListener> {
  const server = createServer(
    {
      headersTimeout: HEADERS_WITHIN,
      requestTimeout: REQUEST_WITHIN,
      keepAliveTimeout: IDLE,
      connectionsCheckingInterval: HEADERS_WITHIN / 5,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    (request, response) => void answer(tokens, request, response),
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(port, host);
  await once(server, 'listening');
  return {
    host,
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      const end = setTimeout(() => server.closeAllConnections(), GRACE);
      await closed;
      clearTimeout(end);
    },
  };
}

async function answer(tokens: ChallengeTokens, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, headers, body } = await answerChallenge(tokens, request.method ?? '', request.url ?? '');
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
