import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { Api } from '../functions/api/api.ts';
import { type ApiRequest, type ApiResponse, LARGEST_BODY } from '../functions/api/request.ts';

/** A certificate (PEM, leaf first) and its private key. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface ApiListenerOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly handle: Api;
  /** HTTPS with it; without, plain HTTP. */
  readonly tls?: ServerCertificate;
}

/** Where the API is served. `port` is the one that was bound. */
export interface ApiListener {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** Serves another certificate from the next handshake on; open connections go on. @throws what node:tls says of a pair that does not fit */
  setCertificate(cert: string, key: string): void;
  /** Takes no more connections, lets answers under way go out for a while, and ends the rest. */
  close(): Promise<void>;
}

/** Milliseconds. A long poll is held for 25 s, so an answer may take longer than a request. */
const HEADERS_WITHIN = 10_000;
const REQUEST_WITHIN = 30_000;
const HANDSHAKE_WITHIN = 10_000;
const IDLE = 60_000;
const GRACE = 2_000;

const MAX_HEADER_BYTES = 16 * 1024;
const MAX_CONNECTIONS = 2_000;
const MIN_TLS = 'TLSv1.2';

/**
 * Serves the API on HTTPS, or on plain HTTP for a proxy in front.
 * @throws the listening error of node:net, such as EADDRINUSE
 */
export async function apiListener({ host, port, tls, handle }: ApiListenerOptions): Promise<ApiListener> {
  const limits = {
    headersTimeout: HEADERS_WITHIN,
    requestTimeout: REQUEST_WITHIN,
    keepAliveTimeout: IDLE,
    connectionsCheckingInterval: HEADERS_WITHIN / 5,
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  const closing = new AbortController();
  const take = (request: IncomingMessage, response: ServerResponse) =>
    void serve(handle, request, response, closing.signal);
  const secure = tls && createHttpsServer({ ...limits, ...contextOf(tls), handshakeTimeout: HANDSHAKE_WITHIN }, take);
  const server = secure ?? createHttpServer(limits, take);
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(port, host);
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  return {
    host,
    port: bound,
    url: `${secure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    setCertificate(cert, key) {
      if (!secure) throw new Error('a plain HTTP listener has no certificate');
      secure.setSecureContext(contextOf({ cert, key }));
    },
    async close() {
      const closed = once(server, 'close');
      closing.abort();
      server.close();
      const end = setTimeout(() => server.closeAllConnections(), GRACE);
      await closed;
      clearTimeout(end);
    },
  };
}

/** Options of a secure context, tried before anything depends on them. */
function contextOf({ cert, key }: ServerCertificate) {
  const options = { cert, key, minVersion: MIN_TLS } as const;
  createSecureContext(options);
  return options;
}

async function serve(
  handle: Api,
  request: IncomingMessage,
  response: ServerResponse,
  closing: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    const body = await readBody(request);
    // Too much of a body is not kept; the API says so from its size.
    const taken = body ?? new Uint8Array(LARGEST_BODY + 1);
    const answer = await handle(apiRequest(request, taken, AbortSignal.any([gone.signal, closing])));
    send(response, answer, body === undefined || closing.aborted);
  } catch {
    // The client went away in the middle of its request: there is nobody to answer.
    response.destroy();
  }
}

/** Octets of a body that are read only to be thrown away: a client that is still sending would not see its answer. */
const MOST_DISCARDED = 16 * 1024 * 1024;

/** The body; undefined when it is larger than any may be. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > MOST_DISCARDED) return undefined;
    if (size <= LARGEST_BODY) chunks.push(chunk as Buffer);
    else chunks.length = 0;
  }
  return size <= LARGEST_BODY ? Buffer.concat(chunks) : undefined;
}

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;

function apiRequest(request: IncomingMessage, body: Uint8Array, signal: AbortSignal): ApiRequest {
  const [path = '/', ...query] = (request.url ?? '/').split('?');
  const headers = Object.entries(request.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : value,
  ]);
  return {
    method: request.method ?? 'GET',
    path,
    query: query.join('?'),
    headers: Object.fromEntries(headers) as ApiRequest['headers'],
    body,
    signal,
    loopback: LOOPBACK.test(request.socket.remoteAddress ?? ''),
  };
}

/** @param last ends the connection after it: what the client still sends is not read, or the listener closes */
function send(response: ServerResponse, { status, headers, body }: ApiResponse, last: boolean): void {
  // RFC 9110 8.6: an answer to HEAD does not say that it would be empty.
  const length = status === 204 || response.req.method === 'HEAD' ? {} : { 'content-length': Buffer.byteLength(body) };
  response.writeHead(status, { ...headers, ...length, ...(last && { connection: 'close' }) });
  response.end(body);
}
