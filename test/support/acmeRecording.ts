import type { HttpClient, HttpRequest, HttpResponse } from '../../lib/adapters/net/http.ts';

/** One exchange with a CA as a fixture keeps it: no keys, signatures or nonces of the request. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  /** The JWS's protected header without nonce and key (`jwk` is only named). */
  readonly header?: Readonly<Record<string, unknown>>;
  /** The JWS's payload; absent for a POST-as-GET. */
  readonly payload?: unknown;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The host that stands in fixtures for the recorded CA's. */
export const FIXTURE_HOST = 'https://ca.example.test';

const KEPT = ['content-type', 'location', 'link', 'retry-after', 'replay-nonce'];
const decoded = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));

/** What a request asked, as far as it is the same at every run. */
function asked(request: HttpRequest): Pick<Exchange, 'method' | 'url' | 'header' | 'payload'> {
  const { method, url, body } = request;
  if (body === undefined) return { method, url };
  const jws = JSON.parse(String(body));
  const { nonce: _nonce, jwk, ...header } = decoded(jws.protected) as Record<string, unknown>;
  const kept = jwk === undefined ? header : { ...header, jwk: 'the account key' };
  return { method, url, header: kept, ...(jws.payload === '' ? {} : { payload: decoded(jws.payload) }) };
}

/** A client that passes everything on and keeps it in `tape`, with `host` replaced. */
export function recorder(http: HttpClient, host: string, tape: Exchange[]): HttpClient {
  const neutral = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll(host, FIXTURE_HOST));
  return {
    async request(request) {
      const response = await http.request(request);
      const headers = Object.fromEntries(
        KEPT.flatMap((name) => (response.headers[name] ? [[name, response.headers[name]]] : [])),
      );
      tape.push(neutral({ ...asked(request), status: response.status, headers, body: response.body.toString('utf8') }));
      return response;
    },
    close: () => http.close(),
  };
}

/** A client that gives the recorded answers, in their order, to the recorded requests. Any other request fails the test. */
export function player(tape: readonly Exchange[]): HttpClient & { readonly left: () => number } {
  const rest = [...tape];
  return {
    async request(request): Promise<HttpResponse> {
      const next = rest.shift();
      const { status = 0, headers = {}, body = '', ...recorded } = next ?? {};
      const made = JSON.stringify(asked(request));
      if (made !== JSON.stringify(recorded)) throw new Error(`asked ${made}\nrecorded ${JSON.stringify(recorded)}`);
      return { status, headers: { ...headers }, body: Buffer.from(body) };
    },
    close: async () => {},
    left: () => rest.length,
  };
}
