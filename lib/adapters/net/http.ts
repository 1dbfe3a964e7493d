/** One HTTP request to an address that input may have named. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** PEM; these roots are trusted in place of the system's. */
  readonly ca?: string;
  readonly insecureSkipVerify?: boolean;
  readonly client?: { readonly cert: string; readonly key: string };
  /** Milliseconds for the whole exchange. */
  readonly timeout: number;
  /** Bytes of body accepted. */
  readonly maxBytes: number;
  /**
   * Whether the request may be sent again when a kept-alive connection proves dead. By default the method decides (RFC
   * 9110 9.2.2).
   */
  readonly idempotent?: boolean;
}

/** Header names are lower case; a repeated header is joined with `, `. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * Why no answer came. Codes: `AddressRefused` (policy), `NameUnresolved`, `Unreachable`, `Timeout`, `TlsUntrusted`,
 * `TlsFailed`, `ConnectionLost`, `BadAnswer` (not HTTP), `BodyTooLarge`, `BadUrl`. `sent`: the server may have read the
 * request.
 */
export class NetError extends Error {
  override readonly name = 'NetError';
  readonly code: string;
  readonly sent: boolean;
  constructor(code: string, message: string, sent: boolean) {
    super(message);
    this.code = code;
    this.sent = sent;
  }
}

/**
 * The one way out: every HTTP(S) address that input can name is reached through this. Contract: private, loopback and
 * link-local addresses are refused unless the operator allowed the server; the address that was checked is the one that
 * is dialled; redirects are answers, not followed; bodies are capped; connections are kept alive and shared between
 * equal trust settings; failures throw NetError.
 */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

/**
 * Which otherwise refused addresses the operator allows: entries `host`, `host:port`, `10.0.0.0/8`, or `*` for all. The
 * same list guards plain sockets (DNS) through {@link AddressGuard}.
 */
export interface AddressGuard {
  /** Resolves and checks; answers the pinned address. Throws NetError `AddressRefused` or `NameUnresolved`. */
  resolve(host: string, port: number): Promise<{ address: string; family: 4 | 6 }>;
}
