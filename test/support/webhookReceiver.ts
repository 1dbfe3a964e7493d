import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { NameServer } from './peers/dns.ts';

/** One call that the receiver took. */
export interface WebhookCall {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: { readonly fqdn: string; readonly value: string };
}

/** A dns01 webhook that keeps its records on a name server, as a person would write one. */
export interface WebhookReceiver {
  readonly url: string;
  readonly calls: readonly WebhookCall[];
  /** Answers every call with this status and body from now on; undefined: works again. */
  fail(answer: { readonly status: number; readonly body: string; readonly location?: string } | undefined): void;
  /** The most calls that were in work at one time. */
  mostAtOnce(): number;
  close(): Promise<void>;
}

/** Starts a receiver on 127.0.0.1 that writes to `zone`. */
export async function startWebhookReceiver(zone: NameServer): Promise<WebhookReceiver> {
  const calls: WebhookCall[] = [];
  let failure: Parameters<WebhookReceiver['fail']>[0];
  let [now, most] = [0, 0];
  const take = async (request: IncomingMessage): Promise<number> => {
    const body = JSON.parse(await text(request));
    calls.push({ path: request.url ?? '', authorization: request.headers.authorization, body });
    if (failure) return failure.status;
    if (request.method !== 'POST' || request.headers['content-type'] !== 'application/json') return 400;
    const record = `TXT "${body.value}"`;
    if (request.url === '/dns/present') await zone.update([`add ${body.fqdn} 60 ${record}`]);
    else if (request.url === '/dns/cleanup') await zone.update([`delete ${body.fqdn} ${record}`]);
    else return 404;
    return 204;
  };
  const server = createServer(async (request, response) => {
    most = Math.max(most, ++now);
    const status = await take(request).catch(() => 500);
    now -= 1;
    response.writeHead(status, failure?.location ? { location: failure.location } : {}).end(failure?.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/dns`,
    calls,
    fail: (answer) => {
      failure = answer;
    },
    mostAtOnce: () => most,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
