import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { HttpRequest } from './http.ts';

/** Trust settings of a request. */
export type Trust = Pick<HttpRequest, 'ca' | 'insecureSkipVerify' | 'client'>;

/** Connections kept for reuse: one agent for plain HTTP, one for each set of trust settings. */
export interface AgentPool {
  agent(secure: boolean, trust: Trust): HttpAgent;
  /** Closes every connection. */
  close(): void;
}

/**
 * An idle connection is given up after this. Shorter than the common servers' own limit would be to lose reuse, longer
 * to meet stale ones.
 */
const IDLE_MS = 30_000;
/** Per server; a request beyond it waits for a free connection. */
const MAX_SOCKETS = 64;
/**
 * Sets of trust settings kept (clusters have their own each). The one unused longest goes; its idle connections end by
 * IDLE_MS.
 */
const MAX_TRUSTS = 512;

const POOLING = {
  keepAlive: true,
  maxSockets: MAX_SOCKETS,
  maxFreeSockets: MAX_SOCKETS,
  // The last used connection first: it is the least likely to have been closed by the peer, and the rest may idle out.
  scheduling: 'lifo',
  timeout: IDLE_MS,
} as const;

/** All connections of an agent have one trust, so that host and port tell them apart; node:https would join thirty options a request. */
class OneTrustAgent extends HttpsAgent {
  override getName({ host = '', port = '' }: { host?: string | null; port?: number | string | null } = {}): string {
    return `${host}:${port}`;
  }
}

function httpsAgent(trust: Trust): HttpsAgent {
  // One context for all connections of these settings: roots are parsed once, and sessions resume.
  const secureContext = createSecureContext({
    minVersion: 'TLSv1.2',
    ...(trust.ca === undefined ? {} : { ca: trust.ca }),
    ...(trust.client ?? {}),
  });
  return new OneTrustAgent({
    ...POOLING,
    secureContext,
    rejectUnauthorized: trust.insecureSkipVerify !== true,
    ALPNProtocols: ['http/1.1'],
  });
}

const equal = (a: Trust, b: Trust): boolean =>
  a.ca === b.ca &&
  (a.insecureSkipVerify === true) === (b.insecureSkipVerify === true) &&
  a.client?.cert === b.client?.cert &&
  a.client?.key === b.client?.key;

/**
 * Makes an empty pool.
 * @throws (from `agent`) Error of node:tls when a CA bundle, certificate or key does not parse
 */
export function agentPool(): AgentPool {
  const plain = new HttpAgent(POOLING);
  /** Used last, stands first: the search mostly ends at once, without a hash over texts of kilobytes. */
  const secure: { readonly trust: Trust; readonly agent: HttpsAgent }[] = [];

  function secureAgent(trust: Trust): HttpsAgent {
    const index = secure.findIndex((one) => equal(one.trust, trust));
    if (index === 0) return secure[0]!.agent;
    const { ca, insecureSkipVerify = false, client } = trust;
    const kept = { insecureSkipVerify, ...(ca === undefined ? {} : { ca }), ...(client ? { client } : {}) };
    const found = index > 0 ? secure.splice(index, 1)[0]! : { trust: kept, agent: httpsAgent(trust) };
    secure.unshift(found);
    if (secure.length > MAX_TRUSTS) secure.pop();
    return found.agent;
  }

  return {
    agent: (isSecure, trust) => (isSecure ? secureAgent(trust) : plain),
    close() {
      for (const agent of [plain, ...secure.map((one) => one.agent)]) agent.destroy();
      secure.length = 0;
    },
  };
}

/** Drops an agent's idle connections, so that the next request takes a fresh one. */
export function dropIdle(agent: HttpAgent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}
