import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeAuthority } from './authority.ts';
import type { Pebble } from './peers/pebble.ts';

/** What happens to a request in place of being passed on. */
export type Fault =
  /** Answered here; the CA never sees it. */
  | { readonly answer: { status: number; headers?: Readonly<Record<string, string>>; body?: string } }
  /** The connection ends before the CA sees the request, or after the CA answered and before the client reads it. */
  | { readonly cut: 'before' | 'after' }
  /** Never answered: the CA does not see the request, or (`after`) it has done what was asked. */
  | { readonly stall: true | 'after' };

/** One request as it arrived. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * A local HTTPS front before Pebble that can fail on demand: Pebble has no rate limits and no faults of its own. It
 * exists for tests alone. What it does not falsify is the CA's own: Pebble builds its addresses from the Host header,
 * so they lead here.
 */
export interface FaultyCa {
  readonly directoryUrl: string;
  readonly caPem: string;
  readonly seen: SeenRequest[];
  /** `METHOD /path` of what is not answered, from when it is held. */
  readonly stalled: string[];
  /** The next `times` requests (default 1) whose `METHOD /path` matches get the fault. */
  inject(on: RegExp, fault: Fault, times?: number): void;
  /** From now on another CA answers at this address: one that knows no account and no order of before. */
  moveTo(pebble: Pebble): void;
  /** Nothing listens any more, until `up` at the same address. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the front on a free loopback port. */
export async function startFaultyCa(pebble: Pebble): Promise<FaultyCa> {
  const authority = await makeAuthority('Faulty front root');
  const tls = await authority.issue({ subject: 'CN=localhost', names: ['localhost', '127.0.0.1'], usage: 'server' });
  let upstream = new URL(pebble.directoryUrl);
  let agent = new Agent({ ca: pebble.caPem, keepAlive: true });
  const seen: SeenRequest[] = [];
  const stalled: string[] = [];
  const rules: { on: RegExp; fault: Fault; left: number }[] = [];

  function faultFor(line: string): Fault | undefined {
    const rule = rules.find((one) => one.left > 0 && one.on.test(line));
    if (rule) rule.left--;
    return rule?.fault;
  }

  const server = createServer({ cert: tls.certPem, key: tls.keyPem }, async (incoming, outgoing) => {
    const body = await textOf(incoming);
    const { method = '', url: path = '', headers } = incoming;
    seen.push({ method, path, headers, body });
    const fault = faultFor(`${method} ${path}`);
    if (fault && 'answer' in fault) {
      outgoing.writeHead(fault.answer.status, { ...fault.answer.headers }).end(fault.answer.body);
    } else if (fault && 'cut' in fault) {
      if (fault.cut === 'after') await pass(incoming, body, undefined);
      incoming.socket.destroy();
    } else if (fault) {
      if (fault.stall === 'after') await pass(incoming, body, undefined);
      stalled.push(`${method} ${path}`);
    } else {
      await pass(incoming, body, outgoing);
    }
  });

  /** Passes a request on to Pebble, and the answer back when there is someone to get it. */
  function pass(incoming: IncomingMessage, body: string, outgoing: ServerResponse | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const { method, url: path, headers } = incoming;
      const options = { host: upstream.hostname, port: upstream.port, method, path, headers, agent };
      const onward = request(options, (answer) => {
        if (outgoing) outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.on('data', (part) => outgoing?.write(part));
        answer.on('end', () => {
          outgoing?.end();
          resolve();
        });
      });
      onward.on('error', reject);
      onward.end(body);
    });
  }

  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const down = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    directoryUrl: `https://127.0.0.1:${port}/dir`,
    caPem: authority.certPem,
    seen,
    stalled,
    inject: (on, fault, times = 1) => void rules.push({ on, fault, left: times }),
    moveTo(other) {
      agent.destroy();
      upstream = new URL(other.directoryUrl);
      agent = new Agent({ ca: other.caPem, keepAlive: true });
    },
    down,
    up: () => listen(port),
    async close() {
      agent.destroy();
      await down();
    },
  };
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
