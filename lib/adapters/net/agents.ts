import { hash } from 'node:crypto';
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

/** An idle connection is given up after this. Shorter than the common servers' own limit would be to lose reuse, longer to meet stale ones. */
const IDLE_MS = 30_000;
/** Per server; a request beyond it waits for a free connection. */
const MAX_SOCKETS = 64;
/** Sets of trust settings kept (clusters have their own each). The one unused longest goes; its idle connections end by IDLE_MS. */
const MAX_TRUSTS = 512;

const POOLING = {
  keepAlive: true,
  maxSockets: MAX_SOCKETS,
  maxFreeSockets: MAX_SOCKETS,
  // The last used connection first: it is the least likely to have been closed by the peer, and the rest may idle out.
  scheduling: 'lifo',
  timeout: IDLE_MS,
} as const;

function httpsAgent(trust: Trust): HttpsAgent {
  // One context for all connections of these settings: roots are parsed once, and sessions resume.
  const secureContext = createSecureContext({
    minVersion: 'TLSv1.2',
    ...(trust.ca === undefined ? {} : { ca: trust.ca }),
    ...(trust.client ?? {}),
  });
  return new HttpsAgent({
    ...POOLING,
    secureContext,
    rejectUnauthorized: trust.insecureSkipVerify !== true,
    ALPNProtocols: ['http/1.1'],
  });
}

function trustKey(trust: Trust): string {
  if (trust.ca === undefined && trust.client === undefined) return trust.insecureSkipVerify === true ? '-' : '';
  const { cert = '', key = '' } = trust.client ?? {};
  return hash('sha256', JSON.stringify([trust.ca ?? '', trust.insecureSkipVerify === true, cert, key]));
}

/**
 * Makes an empty pool.
 * @throws (from `agent`) Error of node:tls when a CA bundle, certificate or key does not parse
 */
export function agentPool(): AgentPool {
  const plain = new HttpAgent(POOLING);
  const secure = new Map<string, HttpsAgent>();

  function secureAgent(trust: Trust): HttpsAgent {
    const key = trustKey(trust);
    const agent = secure.get(key) ?? httpsAgent(trust);
    if (secure.size >= MAX_TRUSTS && !secure.has(key)) secure.delete(secure.keys().next().value as string);
    secure.delete(key);
    secure.set(key, agent);
    return agent;
  }

  return {
    agent: (isSecure, trust) => (isSecure ? secureAgent(trust) : plain),
    close() {
      for (const agent of [plain, ...secure.values()]) agent.destroy();
      secure.clear();
    },
  };
}

/** Drops an agent's idle connections, so that the next request takes a fresh one. */
export function dropIdle(agent: HttpAgent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}
