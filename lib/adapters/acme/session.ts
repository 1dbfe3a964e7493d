import { type AcmeEndpoint, AcmeError } from '../../ports/acmeServer.ts';
import type { KeySigner } from '../../ports/keySigner.ts';
import type { HttpResponse } from '../net/http.ts';
import { type Directory, directoryCache, directoryOf } from './directory.ts';
import { type FlattenedJws, type Jwk, signJws } from './jws.ts';
import { noncePool } from './nonces.ts';
import { malformedAnswer } from './problems.ts';
import { MalformedAnswer } from './reader.ts';
import type { Envelope } from './resources.ts';
import { acmeTransport, isLost, type PlainRequest, type TransportOptions } from './transport.ts';

/** A signed request. Without `kid` the JWS carries the public key (`jwk`). */
export interface SignedRequest {
  /** RFC 8555's word for what is done: `newOrder`, `finalize`... It names the request in errors. */
  readonly action: string;
  readonly url: string;
  readonly signer: KeySigner;
  readonly header: { readonly kid: string } | { readonly jwk: Jwk };
  /** Undefined makes a POST-as-GET. */
  readonly payload?: unknown;
  readonly accept?: string;
  /** Done twice is done once, so it may be signed anew when an answer was lost. So is every POST-as-GET. */
  readonly repeatable?: boolean;
}

/** A successful answer. */
export interface Answer extends Envelope {
  readonly status: number;
  readonly headers: HttpResponse['headers'];
  readonly body: Buffer;
}

/** Requests to one CA, with its directory and nonces. Everything throws AcmeError. */
export interface Session {
  directory(): Promise<Directory>;
  post(request: SignedRequest): Promise<Answer>;
  get(action: string, url: string): Promise<Answer>;
  /** Reads the answer's body by `parse`, which may throw MalformedAnswer. */
  read<T>(action: string, answer: Answer, parse: (body: string, answer: Answer) => T): T;
}

/** A refused nonce costs one exchange. Where half of them are refused, 13 in a row come once in 8192 requests. */
const MAX_BAD_NONCES = 12;

/** JSON text to its value. @throws MalformedAnswer */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedAnswer('the answer is not JSON');
  }
}

/** Opens a session. No request is made before it is needed. */
export function acmeSession(endpoint: AcmeEndpoint, options: TransportOptions): Session {
  const monotonic = () => performance.now();
  const transport = acmeTransport(endpoint, options);
  const directory = directoryCache(fetchDirectory, monotonic);
  const nonces = noncePool(fetchNonce, monotonic);

  const answerOf = (response: HttpResponse): Answer => ({ ...response, ...transport.envelope(response) });

  /**
   * An exchange that fails only with AcmeError. A CA that does not answer may have moved: its directory is asked for
   * again.
   */
  async function ask(action: string, request: PlainRequest): Promise<HttpResponse> {
    try {
      return await transport.exchange(action, request);
    } catch (error) {
      directory.forget();
      throw transport.unanswered(action, error);
    }
  }

  async function get(action: string, url: string): Promise<Answer> {
    const response = await ask(action, { method: 'GET', url });
    nonces.give(response.headers['replay-nonce']);
    if (response.status !== 200) throw transport.refusal(action, response);
    return answerOf(response);
  }

  async function fetchDirectory(): Promise<Directory> {
    const response = await ask('directory', { method: 'GET', url: endpoint.server });
    const { status } = response;
    if (status >= 500 || status === 429) throw transport.refusal('directory', response);
    if (status !== 200) {
      const redirect = status >= 300 && status < 400 ? ', a redirect; name the address that it leads to' : '';
      throw new AcmeError('directory', malformedAnswer(`this is no ACME directory: it answered ${status}${redirect}`));
    }
    return read('directory', answerOf(response), (body) => directoryOf(parsedJson(body)));
  }

  /** The pool takes the nonce in, so it is not given here. */
  async function fetchNonce(): Promise<string> {
    const { newNonce } = await directory.get();
    const response = await ask('newNonce', { method: 'HEAD', url: newNonce });
    if (response.status >= 300) throw transport.refusal('newNonce', response);
    const nonce = response.headers['replay-nonce'];
    if (nonce === undefined) throw new AcmeError('newNonce', malformedAnswer('the answer has no Replay-Nonce'));
    return nonce;
  }

  /**
   * Sends one JWS. When the connection is lost it goes once more, the very same: its nonce lets the CA take it a single
   * time. `lost` is the first copy's error: that copy may have been acted on.
   */
  async function send(request: SignedRequest, jws: FlattenedJws): Promise<{ response: HttpResponse; lost?: unknown }> {
    const headers = { 'content-type': 'application/jose+json', ...(request.accept ? { accept: request.accept } : {}) };
    const plain: PlainRequest = { method: 'POST', url: request.url, headers, body: JSON.stringify(jws) };
    try {
      return { response: await transport.exchange(request.action, plain) };
    } catch (lost) {
      directory.forget();
      if (!isLost(lost)) throw transport.unanswered(request.action, lost);
      const response = await transport.exchange(request.action, plain).catch((error) => {
        throw transport.unanswered(request.action, error, 'unknown');
      });
      return { response, lost };
    }
  }

  async function post(request: SignedRequest): Promise<Answer> {
    const repeatable = request.repeatable ?? request.payload === undefined;
    let nonce: string | undefined;
    for (let attempt = 0; ; attempt++) {
      nonce ??= await nonces.take();
      const jws = await signJws(request.signer, { ...request.header, nonce, url: request.url }, request.payload);
      const { response, lost } = await send(request, jws);
      const next = response.headers['replay-nonce'];
      if (response.status < 300) {
        nonces.give(next);
        return answerOf(response);
      }
      const refusal = transport.refusal(request.action, response);
      const badNonce = refusal.failure.problem.type === 'badNonce';
      if (badNonce && attempt < MAX_BAD_NONCES && (repeatable || lost === undefined)) {
        // RFC 8555 6.5: the refusal itself brings a nonce that the CA takes.
        nonce = next;
        continue;
      }
      nonces.give(next);
      if (response.status === 404 || response.status === 405) directory.forget();
      if (lost === undefined) throw refusal;
      // A spent nonce says nothing but that the CA may have read the first copy, so what is told is that its answer was
      // lost.
      throw badNonce
        ? transport.unanswered(request.action, lost, 'unknown')
        : new AcmeError(request.action, refusal.failure, 'unknown');
    }
  }

  function read<T>(action: string, answer: Answer, parse: (body: string, answer: Answer) => T): T {
    try {
      return parse(answer.body.toString('utf8'), answer);
    } catch (error) {
      if (!(error instanceof MalformedAnswer)) throw error;
      directory.forget();
      throw new AcmeError(action, malformedAnswer(error.message), 'unknown');
    }
  }

  return { directory: () => directory.get(), post, get, read };
}
