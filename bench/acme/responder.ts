import { Agent, createServer, request } from 'node:http';
import type { ChallengeWay } from './runner.ts';

/** Where key authorizations are shown to the CA. `value` is the key authorization (http-01) or its digest (dns-01). */
export interface Responder {
  show(name: string, token: string, value: string): Promise<void> | void;
  close(): Promise<void>;
}

/** The plainest responder for each way, for the clients that run in Node. */
export async function startResponder(way: ChallengeWay): Promise<Responder> {
  return way.type === 'http-01' ? httpResponder(way.port) : dnsResponder(way.managementUrl);
}

async function httpResponder(port: number): Promise<Responder> {
  const tokens = new Map<string, string>();
  const server = createServer((incoming, outgoing) => {
    const found = tokens.get((incoming.url ?? '').slice('/.well-known/acme-challenge/'.length));
    outgoing.statusCode = found === undefined ? 404 : 200;
    outgoing.end(found);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return {
    show: (_name, token, value) => void tokens.set(token, value),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function dnsResponder(managementUrl: string): Responder {
  const server = testNameServer(managementUrl);
  return {
    show: (name, _token, value) => server.set(`_acme-challenge.${name}`, value),
    close: async () => server.close(),
  };
}

/** Values at challtestsrv, which takes them over HTTP and serves them at once. */
export interface TestNameServer {
  set(fqdn: string, value: string): Promise<void>;
  clear(fqdn: string): Promise<void>;
  close(): void;
}

/** Speaks to challtestsrv's HTTP API on connections that are kept. */
export function testNameServer(managementUrl: string): TestNameServer {
  const agent = new Agent({ keepAlive: true, maxSockets: 10 });
  const tell = (path: string, body: unknown): Promise<void> =>
    new Promise((resolve, reject) => {
      const outgoing = request(`${managementUrl}${path}`, { method: 'POST', agent }, (answer) => {
        answer.resume().once('end', resolve);
      });
      outgoing.once('error', reject).end(JSON.stringify(body));
    });
  return {
    set: (fqdn, value) => tell('/set-txt', { host: `${fqdn}.`, value }),
    clear: (fqdn) => tell('/clear-txt', { host: `${fqdn}.` }),
    close: () => agent.destroy(),
  };
}
