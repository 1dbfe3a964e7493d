import { type IncomingHttpHeaders, type IncomingMessage, request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { buffer } from 'node:stream/consumers';

/** What goes with a request. `body` that is neither text nor octets is sent as JSON with its content type. */
export interface Sent {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers have any shape
  readonly json: any;
}

/**
 * Sends a request with its path as it is written, which `fetch` would tidy up.
 * @param base URL that the path is put behind
 * @param ca root of the server's TLS
 */
export async function ask(
  base: string,
  ca: string | undefined,
  method: string,
  path: string,
  sent: Sent = {},
): Promise<Answer> {
  const { token, body, headers: more } = sent;
  const { protocol, hostname, port, pathname } = new URL(base);
  const raw = typeof body === 'string' || body instanceof Uint8Array;
  const octets = body === undefined ? undefined : Buffer.from(raw ? body : JSON.stringify(body));
  const headers = {
    ...(token && { authorization: `Bearer ${token}` }),
    ...(octets && { 'content-length': String(octets.length) }),
    ...(octets && !raw && { 'content-type': 'application/json' }),
    ...more,
  };
  const options = {
    hostname,
    port,
    method,
    path: `${pathname.replace(/\/$/, '')}${path}`,
    headers,
    agent: false,
  } as const;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = protocol === 'https:' ? secure({ ...options, ca }, resolve) : plain(options, resolve);
    outgoing.on('error', reject).end(octets);
  });
  const text = (await buffer(response)).toString('utf8');
  const isJson = /json/.test(response.headers['content-type'] ?? '');
  return {
    status: response.statusCode!,
    headers: flat(response.headers),
    text,
    json: isJson && text ? JSON.parse(text) : undefined,
  };
}

const flat = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
