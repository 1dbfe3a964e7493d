import { agentPool } from './agents.ts';
import { exchange, Lost } from './exchange.ts';
import { addressGuard, type DialGuard } from './guard.ts';
import { type HttpClient, NetError } from './http.ts';

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
 * The dialler for HTTP and HTTPS (contract: HttpClient). A request whose kept-alive connection proves dead before any
 * answer is sent once more on a fresh one when its method is idempotent (RFC 9110 9.2.2) or it says so itself; any
 * other fails with `ConnectionLost`, and the next request takes a fresh connection.
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
