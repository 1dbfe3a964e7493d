import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** One POST that a receiver got. */
export interface EventCall {
  readonly path: string;
  readonly contentType: string | undefined;
  readonly authorization: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: bodies have any shape
  readonly body: any;
  /** What it was answered. */
  readonly status: number;
}

/** A webhook for public events, as a person would write one. */
export interface EventReceiver {
  readonly origin: string;
  /** With a path, as services that give out a secret in it have. */
  readonly url: string;
  readonly calls: readonly EventCall[];
  /** Types of the events that it took. */
  types(): string[];
  /** Answers every call with this status from now on. */
  answer(status: number): void;
  close(): Promise<void>;
}

/** Starts a receiver on 127.0.0.1 that takes everything. */
export async function startEventReceiver(): Promise<EventReceiver> {
  const calls: EventCall[] = [];
  let status = 202;
  const server = createServer(async (request, response) => {
    const { 'content-type': contentType, authorization } = request.headers;
    const body = JSON.parse(await text(request));
    calls.push({ path: request.url!, contentType, authorization, body, status });
    response.writeHead(status).end('a body with words of its own');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    url: `${origin}/hooks/path-secret`,
    calls,
    types: () => calls.filter((call) => call.status < 300).map(({ body }) => body.type),
    answer: (next) => {
      status = next;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
