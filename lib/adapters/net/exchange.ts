import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { type AgentPool, dropIdle } from './agents.ts';
import type { DialGuard } from './guard.ts';
import { type HttpRequest, type HttpResponse, NetError } from './http.ts';
import { netError } from './netErrors.ts';

/** What every exchange of one client shares. */
export interface Dial {
  readonly guard: DialGuard;
  readonly pool: AgentPool;
  /** Milliseconds to a standing connection, TLS included. */
  readonly connectTimeout: number;
}

/**
 * A connection that ended without a whole answer; `stale` when it had been kept alive and no byte came, so that the
 * peer may have closed it before.
 */
export class Lost {
  readonly error: NetError;
  readonly stale: boolean;
  constructor(error: NetError, stale: boolean) {
    this.error = error;
    this.stale = stale;
  }
}

/** How far an exchange came, and what ends it. One object for its whole life: there are thousands of exchanges. */
class Course {
  connected = false;
  reused = false;
  answered = false;
  /** Set by a limit. Once an answer has begun, node:http reports a destroyed request only as a reset. */
  expired: NetError | undefined;
  #connect: NodeJS.Timeout | undefined;
  readonly #whole: NodeJS.Timeout;
  readonly #outgoing: ClientRequest;
  readonly #where: string;

  constructor(outgoing: ClientRequest, where: string, deadline: number, timeout: number) {
    this.#outgoing = outgoing;
    this.#where = where;
    const left = Math.max(0, deadline - performance.now());
    this.#whole = setTimeout(() => this.#end(`no complete answer within ${timeout} ms`), left);
  }

  connecting(timeout: number): void {
    this.#connect = setTimeout(() => this.#end(`no connection within ${timeout} ms`), timeout);
  }

  stands(): void {
    this.connected = true;
    clearTimeout(this.#connect);
  }

  stop(): void {
    clearTimeout(this.#whole);
    clearTimeout(this.#connect);
  }

  #end(what: string): void {
    this.expired = new NetError('Timeout', `${this.#where}: ${what}`, this.connected);
    this.#outgoing.destroy(this.expired);
  }
}

/**
 * One request and its answer on one connection.
 * @param deadline on performance.now()'s clock
 * @returns Lost when the connection ended; any other failure throws NetError
 */
export async function exchange(
  dial: Dial,
  url: URL,
  request: HttpRequest,
  deadline: number,
): Promise<HttpResponse | Lost> {
  const secure = url.protocol === 'https:';
  const outgoing = open(dial, url, secure, request);
  const course = new Course(outgoing, url.host, deadline, request.timeout);
  try {
    const incoming = await answerOf(outgoing, course, secure, dial.connectTimeout);
    // A HEAD's content-length speaks of a body that does not come.
    const announced = request.method === 'HEAD' ? 0 : Number(incoming.headers['content-length'] ?? 0);
    const body = await bodyOf(incoming, announced, request.maxBytes);
    return { status: incoming.statusCode!, headers: headersOf(incoming.rawHeaders), body };
  } catch (thrown) {
    outgoing.destroy();
    const error = course.expired ?? netError(thrown, url.host, course.connected);
    if (error.code !== 'ConnectionLost') throw error;
    dropIdle(dial.pool.agent(secure, request));
    return new Lost(error, course.reused && !course.answered);
  } finally {
    course.stop();
  }
}

/** Passes only checked addresses to the socket, so that what was checked is what is dialled. */
function pinnedLookup(guard: DialGuard, port: number): LookupFunction {
  return (host, options, callback) => {
    guard.permitted(host, port).then(
      (found) => {
        if (options.all) callback(null, [...found]);
        else callback(null, found[0]!.address, found[0]!.family);
      },
      (error) => callback(error, '', 0),
    );
  };
}

/**
 * Sends the request on a pooled or new connection. @throws NetError for a refused literal or unreadable trust settings
 */
function open(dial: Dial, url: URL, secure: boolean, request: HttpRequest): ClientRequest {
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1');
  // A literal is dialled without a lookup; kept-alive connections were checked when they were made.
  if (isIP(hostname) !== 0) dial.guard.checkLiteral(hostname, port);
  const headers: Record<string, string | number> = { 'accept-encoding': 'identity', ...request.headers };
  if (request.body !== undefined) headers['content-length'] = Buffer.byteLength(request.body);
  try {
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
  } catch (error) {
    throw new NetError('TlsFailed', `${url.host}: its trust settings do not parse: ${(error as Error).message}`, false);
  }
}

/** The head of the answer. Marks on the way how far the exchange came. */
function answerOf(
  outgoing: ClientRequest,
  course: Course,
  secure: boolean,
  connectTimeout: number,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('socket', (socket) => {
      if (outgoing.reusedSocket) {
        course.reused = true;
        course.stands();
      } else {
        course.connecting(connectTimeout);
        socket.once(secure ? 'secureConnect' : 'connect', () => course.stands());
      }
    });
    outgoing.once('response', (incoming) => {
      course.answered = true;
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
    incoming.once('close', () => {
      if (!incoming.readableEnded) reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
    });
  });
}

/** Every header, repeated ones joined; node:http's own `headers` would drop some repeats. */
function headersOf(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name]}, ${raw[i + 1]}` : raw[i + 1]!;
  }
  return headers;
}
