import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { type AgentPool, agentPool, dropIdle } from './agents.ts';
import { addressGuard, type DialGuard } from './guard.ts';
import { type HttpClient, type HttpRequest, type HttpResponse, NetError } from './http.ts';
import { netError, type Progress } from './netErrors.ts';

/** How the dialler is set up. */
export interface HttpClientOptions {
  /** Addresses outside the public internet that the operator allows; see AddressGuard. */
  readonly allow: readonly string[];
  /** Milliseconds to a standing connection, TLS included. Default 10 000; the request's own timeout ends it sooner. */
  readonly connectTimeout?: number;
  /** Replaces the guard that `allow` makes (tests). */
  readonly guard?: DialGuard;
}

const CONNECT_TIMEOUT = 10_000;
const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);

/**
 * The dialler for HTTP and HTTPS (contract: HttpClient). A request whose kept-alive connection proves dead before any answer is sent once
 * more on a fresh one when its method is idempotent (RFC 9110 9.2.2) or it says so itself; any other fails with `ConnectionLost`, and the next
 * request takes a fresh connection.
 */
export function httpClient(options: HttpClientOptions): HttpClient {
  const guard = options.guard ?? addressGuard(options.allow);
  const dial = { guard, pool: agentPool(), connectTimeout: options.connectTimeout ?? CONNECT_TIMEOUT };
  return {
    async request(request) {
      const url = targetOf(request.url);
      const deadline = performance.now() + request.timeout;
      const first = await exchange(dial, url, request, deadline);
      if (!(first instanceof Lost)) return first;
      if (!first.stale || !(request.idempotent ?? IDEMPOTENT.has(request.method))) throw first.error;
      const second = await exchange(dial, url, request, deadline);
      if (second instanceof Lost) throw second.error;
      return second;
    },
    async close() {
      dial.pool.close();
    },
  };
}

interface Dial {
  readonly guard: DialGuard;
  readonly pool: AgentPool;
  readonly connectTimeout: number;
}

/** A connection that ended without an answer; `stale` when it had been kept alive, so that the peer may have closed it before. */
class Lost {
  readonly error: NetError;
  readonly stale: boolean;
  constructor(error: NetError, stale: boolean) {
    this.error = error;
    this.stale = stale;
  }
}

function targetOf(text: string): URL {
  const url = URL.parse(text);
  if (!url) throw new NetError('BadUrl', 'the address is not a URL', false);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new NetError(
      'BadUrl',
      `the address has the scheme ${url.protocol.slice(0, -1)}; http and https are possible`,
      false,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new NetError('BadUrl', 'the address carries a user name or password', false);
  }
  return url;
}

/** Passes only checked addresses to the socket, so that what was checked is what is dialled. */
function pinnedLookup(guard: DialGuard, port: number): LookupFunction {
  return (host, lookupOptions, callback) => {
    guard.permitted(host, port).then(
      (found) => {
        if (lookupOptions.all) callback(null, [...found]);
        else callback(null, found[0]!.address, found[0]!.family);
      },
      (error) => callback(error, '', 0),
    );
  };
}

/** Sends the request on a pooled or new connection. */
function open(dial: Dial, url: URL, request: HttpRequest): ClientRequest {
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1');
  // A literal is dialled without a lookup; kept-alive connections were checked when they were made.
  if (isIP(hostname) !== 0) dial.guard.checkLiteral(hostname, port);
  const headers: Record<string, string | number> = { 'accept-encoding': 'identity', ...request.headers };
  if (request.body !== undefined) headers['content-length'] = Buffer.byteLength(request.body);
  const outgoing = (secure ? httpsRequest : httpRequest)({
    agent: dial.pool.agent(secure, request),
    method: request.method,
    hostname,
    port,
    path: url.pathname + url.search,
    headers,
    lookup: pinnedLookup(dial.guard, port),
  });
  outgoing.end(request.body);
  return outgoing;
}

async function exchange(dial: Dial, url: URL, request: HttpRequest, deadline: number): Promise<HttpResponse | Lost> {
  const progress = { connected: false, reused: false, answered: false };
  let outgoing: ClientRequest;
  try {
    outgoing = open(dial, url, request);
  } catch (error) {
    // Thrown at once: a refused literal, or trust settings that node:tls cannot read.
    throw error instanceof NetError
      ? error
      : new NetError('TlsFailed', `trust settings: ${(error as Error).message}`, false);
  }
  const timers = startTimers(outgoing, progress, url.host, dial.connectTimeout, deadline, request.timeout);
  try {
    const incoming = await answerOf(outgoing, progress, url.protocol === 'https:', timers.connected);
    // A HEAD's content-length speaks of a body that does not come.
    const announced = request.method === 'HEAD' ? 0 : Number(incoming.headers['content-length'] ?? 0);
    const body = await bodyOf(incoming, announced, request.maxBytes);
    return { status: incoming.statusCode!, headers: headersOf(incoming), body };
  } catch (thrown) {
    outgoing.destroy();
    const error = timers.expired() ?? netError(thrown, url.host, progress);
    if (error.code !== 'ConnectionLost') throw error;
    dropIdle(dial.pool.agent(url.protocol === 'https:', request));
    return new Lost(error, progress.reused && !progress.answered);
  } finally {
    timers.stop();
  }
}

type Marks = { -readonly [K in keyof Progress]: Progress[K] };

/** Two limits: to a standing connection, and for the whole exchange. */
function startTimers(
  outgoing: ClientRequest,
  progress: Marks,
  where: string,
  connectTimeout: number,
  deadline: number,
  timeout: number,
): { connected(): void; stop(): void; expired(): NetError | undefined } {
  let expired: NetError | undefined;
  const end = (what: string) => () => {
    // Kept here as well: once the answer has begun, node:http reports a destroyed request only as a reset.
    expired = new NetError('Timeout', `${where}: ${what}`, progress.connected);
    outgoing.destroy(expired);
  };
  const whole = setTimeout(end(`no complete answer within ${timeout} ms`), Math.max(0, deadline - performance.now()));
  const connect = setTimeout(end(`no connection within ${connectTimeout} ms`), connectTimeout);
  return {
    expired: () => expired,
    connected: () => clearTimeout(connect),
    stop() {
      clearTimeout(whole);
      clearTimeout(connect);
    },
  };
}

/** The head of the answer. Marks on the way how far the exchange came. */
function answerOf(
  outgoing: ClientRequest,
  progress: Marks,
  secure: boolean,
  connected: () => void,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const stands = () => {
      progress.connected = true;
      connected();
    };
    outgoing.once('socket', (socket) => {
      if (outgoing.reusedSocket) {
        progress.reused = true;
        stands();
      } else {
        socket.once(secure ? 'secureConnect' : 'connect', stands);
      }
    });
    outgoing.once('response', (incoming) => {
      progress.answered = true;
      resolve(incoming);
    });
    outgoing.on('error', reject);
  });
}

/** Whole body, at most `maxBytes`. */
function bodyOf(incoming: IncomingMessage, announced: number, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const tooLarge = () => reject(new NetError('BodyTooLarge', `the answer is longer than ${maxBytes} bytes`, true));
    if (announced > maxBytes) return tooLarge();
    const parts: Buffer[] = [];
    let length = 0;
    incoming.on('data', (part: Buffer) => {
      length += part.length;
      if (length > maxBytes) tooLarge();
      else parts.push(part);
    });
    incoming.once('end', () => resolve(parts.length === 1 ? parts[0]! : Buffer.concat(parts)));
    incoming.on('error', reject);
    incoming.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
  });
}

/** Every header, repeated ones joined; node:http's own `headers` would drop some repeats. */
function headersOf(incoming: IncomingMessage): Record<string, string> {
  const raw = incoming.rawHeaders;
  const headers: Record<string, string> = Object.create(null);
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    const before = headers[name];
    headers[name] = before === undefined ? raw[i + 1]! : `${before}, ${raw[i + 1]}`;
  }
  return headers;
}
