import { type AcmeEndpoint, AcmeError } from '../../ports/acmeServer.ts';
import type { Clock } from '../../ports/system.ts';
import { type HttpClient, type HttpRequest, type HttpResponse, NetError } from '../net/http.ts';
import { failureOf, malformedAnswer, networkFailure, problemOf } from './problems.ts';
import type { Envelope } from './resources.ts';
import { retryAfterSeconds } from './retryAfter.ts';

/** A request that a CA answered, or did not. */
export interface AcmeExchange {
  /** Of the CA's directory: what it names beyond that is not bounded. */
  readonly scheme: string;
  readonly host: string;
  /** RFC 8555's word for what was asked. */
  readonly action: string;
  readonly method: string;
  /** HTTP's; absent when no answer came. */
  readonly status?: number;
  readonly seconds: number;
}

/** What all sessions share. */
export interface TransportOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  /** RFC 8555 6.1 asks for one; Pebble refuses requests without. */
  readonly userAgent: string;
  /** Milliseconds for each request. */
  readonly timeout: number;
  /** Told of each request. It waits for nobody and does not throw. */
  readonly observe?: (exchange: AcmeExchange) => void;
}

/** A request as the transport needs it; trust, time and size limits are its own. */
export type PlainRequest = Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body'>;

/** Exchanges with one CA, before any meaning. */
export interface Transport {
  /** Answers whatever the CA said. Throws AcmeError, or NetError to be translated by `unanswered`. */
  exchange(action: string, request: PlainRequest): Promise<HttpResponse>;
  /** A failed exchange as AcmeError. */
  unanswered(action: string, error: unknown, accepted?: 'unknown'): unknown;
  /** An answer that is not the wanted one, as AcmeError. */
  refusal(action: string, response: HttpResponse): AcmeError;
  /** Clock and Retry-After of an answer. */
  envelope(response: HttpResponse): Envelope;
}

/** The largest answer is a chain or an order of a hundred names: tens of kilobytes. */
const MAX_BYTES = 512 * 1024;

/**
 * JSON of a problem document. Other bodies (a proxy's page) are never echoed: such an answer says nothing but its
 * status.
 */
function problemDocument({ headers, body }: HttpResponse): unknown {
  if (!/^application\/(problem\+)?json\b/i.test(headers['content-type'] ?? '')) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Whether the connection ended after the request may have been read. */
export const isLost = (error: unknown): boolean =>
  error instanceof NetError && error.code === 'ConnectionLost' && error.sent;

function placeOf(server: string): { scheme: string; host: string } {
  if (!URL.canParse(server)) return { scheme: '', host: '' };
  const { protocol, host } = new URL(server);
  return { scheme: protocol.slice(0, -1), host };
}

/** The way to one CA. */
export function acmeTransport(endpoint: AcmeEndpoint, options: TransportOptions): Transport {
  const secureOnly = endpoint.server.startsWith('https:');
  const fixed = {
    timeout: options.timeout,
    maxBytes: MAX_BYTES,
    ...(endpoint.caBundle === undefined ? {} : { ca: endpoint.caBundle }),
    ...(endpoint.skipTLSVerify ? { insecureSkipVerify: true } : {}),
  };

  const now = () => options.clock.now();
  const place = placeOf(endpoint.server);

  /** Sends the request, and tells of it. */
  async function send(action: string, request: HttpRequest): Promise<HttpResponse> {
    const begun = performance.now();
    let status: number | undefined;
    try {
      const response = await options.http.request(request);
      status = response.status;
      return response;
    } finally {
      const seconds = (performance.now() - begun) / 1000;
      options.observe?.({ ...place, action, method: request.method, status, seconds });
    }
  }

  function envelope(response: HttpResponse): Envelope {
    const { 'retry-after': header } = response.headers;
    if (header === undefined) return { now };
    const retryAfter = retryAfterSeconds(header, Date.parse(now()));
    return retryAfter === undefined ? { now } : { now, retryAfter };
  }

  return {
    async exchange(action, request) {
      if (secureOnly && !request.url.startsWith('https:')) {
        throw new AcmeError(action, malformedAnswer('the CA is reached by https but names an address without it'));
      }
      const headers = { 'user-agent': options.userAgent, ...request.headers };
      return send(action, { ...request, ...fixed, headers });
    },
    unanswered(action, error, accepted) {
      const known = networkFailure(error);
      return known ? new AcmeError(action, known.failure, accepted ?? (known.sent ? 'unknown' : 'no')) : error;
    },
    refusal(action, response) {
      const { status } = response;
      if (status < 400) {
        const redirect = status >= 300 ? ', a redirect; those are not followed' : '';
        return new AcmeError(action, malformedAnswer(`the CA answered ${status}${redirect}`), 'unknown');
      }
      const { retryAfter } = envelope(response);
      const problem = problemOf(problemDocument(response), status);
      // Who is overloaded did not act; after any other 5xx nobody can tell.
      const accepted = status < 500 || status === 503 ? 'no' : 'unknown';
      return new AcmeError(action, failureOf(problem, now(), retryAfter), accepted);
    },
    envelope,
  };
}
