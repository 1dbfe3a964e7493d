import http from 'node:http';
import https from 'node:https';
import type { Connection } from './connection.ts';
import { CliError, type Finding } from './errors.ts';
import type { Exit } from './exitCodes.ts';

/** What a request may carry. `query` members that are undefined are left out; `timeout` in milliseconds. */
export interface RequestOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeout?: number;
}

export interface Answer<T> {
  readonly status: number;
  /** Parsed JSON, or the text of any other type. */
  readonly body: T;
  readonly etag?: string;
}

/** The service's HTTP API. `path` begins with a slash; use {@link pathOf} to make it. */
export interface Client {
  readonly origin: string;
  request<T>(method: string, path: string, options?: RequestOptions): Promise<Answer<T>>;
  /** GET of a JSON resource. */
  get<T>(path: string, query?: RequestOptions['query']): Promise<T>;
  /** Every item of a list, page by page. */
  all<T>(path: string, query?: RequestOptions['query']): AsyncGenerator<T>;
}

/** Milliseconds without an octet until the service counts as gone. */
const SILENCE = 30_000;
const LARGEST = 64 * 1024 * 1024;

/** A path of segments, each made safe. */
export const pathOf = (...segments: readonly string[]): string =>
  segments.map((one) => `/${encodeURIComponent(one)}`).join('');

/** A client with kept-alive connections. Redirects are not followed: they would carry the token away. */
export function createClient(connection: Connection, signal: AbortSignal): Client {
  const { url, ca } = connection;
  const agent =
    url.protocol === 'https:'
      ? new https.Agent({ keepAlive: true, ...(ca !== undefined && { ca }) })
      : new http.Agent({ keepAlive: true });
  const request = async <T>(method: string, path: string, options: RequestOptions = {}): Promise<Answer<T>> => {
    const { response, text } = await exchange({ connection, agent, signal }, method, path, options);
    const status = response.statusCode ?? 0;
    const body = read(text, response.headers['content-type']);
    if (status >= 300) throw refused(status, body, connection);
    const { etag } = response.headers;
    return { status, body: body as T, ...(etag !== undefined && { etag }) };
  };
  const get = async <T>(path: string, query?: RequestOptions['query']) =>
    (await request<T>('GET', path, { ...(query && { query }) })).body;
  return {
    origin: url.origin,
    request,
    get,
    async *all<T>(path: string, query: RequestOptions['query'] = {}) {
      let cursor: string | undefined;
      do {
        const page: { items: T[]; cursor?: string } = await get(path, { ...query, cursor });
        yield* page.items;
        cursor = page.cursor;
      } while (cursor !== undefined);
    },
  };
}

interface Line {
  readonly connection: Connection;
  readonly agent: http.Agent;
  readonly signal: AbortSignal;
}

function exchange(
  { connection, agent, signal }: Line,
  method: string,
  path: string,
  { query = {}, body, headers, timeout = SILENCE }: RequestOptions,
): Promise<{ response: http.IncomingMessage; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ response: http.IncomingMessage; text: string }>();
  const url = new URL(connection.url);
  url.pathname = `${url.pathname.replace(/\/$/, '')}${path}`;
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const request = (url.protocol === 'https:' ? https : http).request(url, {
    method,
    agent,
    signal,
    timeout,
    headers: {
      authorization: `Bearer ${connection.token}`,
      accept: 'application/json, application/problem+json, */*;q=0.1',
      'user-agent': 'chancery-cli',
      ...(payload !== undefined && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(payload),
      }),
      ...headers,
    },
  });
  const fail = (error: Error): void => reject(signal.aborted ? interrupted() : unreachable(error, connection));
  request.on('timeout', () => request.destroy(new Error('it does not answer')));
  request.on('error', fail);
  request.on('response', (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > LARGEST) request.destroy(new Error('its answer is too large'));
    });
    response.on('error', fail);
    response.on('end', () => resolve({ response, text }));
  });
  request.end(payload);
  return promise;
}

function read(text: string, type = ''): unknown {
  if (!/^application\/(problem\+)?json\b/.test(type)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What Ctrl-C makes of a request under way. */
export const interrupted = (): CliError => new CliError('interrupted', 'interrupted');

/** A connection that could not be made or did not last, in words. */
const REASONS: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
  ECONNREFUSED: ['nothing listens there', 'start the service, or correct the address'],
  ENOTFOUND: ['its name is not known', 'correct the address'],
  EAI_AGAIN: ['its name could not be looked up', 'check the network and the address'],
  ECONNRESET: ['it closed the connection', 'check that the address is that of a service, with https; then try again'],
  EPROTO: ['it does not speak TLS', 'check that the address is that of a service'],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'its certificate is not for this name',
    'use a name that the service has: `serve --host NAME` adds one',
  ],
};
const UNTRUSTED = ['its certificate is not trusted', "give the service's CA: --ca-file or CHANCERY_CA_FILE"] as const;

function unreachable(error: Error, { url, source }: Connection): CliError {
  const { code = '' } = error as NodeJS.ErrnoException;
  const isTrust = /CERT|SELF_SIGNED|UNABLE_TO|ISSUER/.test(code);
  const [reason, remedy] =
    REASONS[code] ?? (isTrust ? UNTRUSTED : [error.message, 'check the address and the network']);
  return new CliError('unreachable', `cannot reach the service at ${url.origin} (from ${source}): ${reason}`, {
    remedy,
  });
}

interface Problem {
  readonly detail?: string;
  readonly code?: string;
  readonly field?: string;
  readonly remedy?: string;
  readonly errors?: readonly Finding[];
}

const EXITS: Readonly<Record<number, Exit>> = { 401: 'unauthorized', 404: 'notFound' };
/** Of the answers 403, these are about the token; the others are about what was asked for. */
const TOKEN_CODES = ['TokenOfAnotherTeam', 'VerbMissing'];

function refused(status: number, body: unknown, { url }: Connection): CliError {
  const { code, field, remedy, detail, errors = [] } = (typeof body === 'object' && body ? body : {}) as Problem;
  if (detail === undefined) {
    const exit = EXITS[status] ?? 'failed';
    return new CliError(exit, `${url.origin} answers ${status}, and not as this service does`, {
      remedy: 'check the address, and that client and service are of one version: chancery version',
    });
  }
  const exit = TOKEN_CODES.includes(code ?? '') ? 'unauthorized' : (EXITS[status] ?? 'failed');
  return new CliError(exit, detail, {
    ...(code !== undefined && { code }),
    ...(field !== undefined && { field }),
    ...(remedy !== undefined && { remedy }),
    findings: errors,
  });
}
