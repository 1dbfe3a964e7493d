import { hash } from 'node:crypto';
import type { AcmeAccount, AcmeEndpoint, AcmeLifecycle, AcmeServer, Order } from '../../ports/acmeServer.ts';
import type { Clock } from '../../ports/system.ts';
import type { HttpClient } from '../net/http.ts';
import { changeKey, deactivate, locationOf, register } from './accounts.ts';
import { download, renewalInfo, revoke } from './certificates.ts';
import { joseKey } from './jws.ts';
import { authorizationOf, challengeOf, orderOf } from './resources.ts';
import { type Answer, acmeSession, parsedJson, type Session } from './session.ts';
import type { AcmeExchange } from './transport.ts';

/** How CAs are reached. */
export interface AcmeServerOptions {
  /** The guarded dialler: a CA's own addresses, and every one that it names, are input. It is closed by who made it. */
  readonly http: HttpClient;
  readonly clock: Clock;
  /** Product and version, such as `chancery/0.1.0` (RFC 8555 6.1). */
  readonly userAgent: string;
  /** Milliseconds for each request; default 20 000. */
  readonly timeout?: number;
  /** Told of each request to a CA. */
  readonly observe?: (exchange: AcmeExchange) => void;
}

const TIMEOUT = 20_000;
/** CAs whose directory and nonces are kept; the one unused longest goes. */
const MAX_SESSIONS = 256;

const equal = (a: AcmeEndpoint, b: AcmeEndpoint): boolean =>
  a.server === b.server && a.caBundle === b.caBundle && (a.skipTLSVerify === true) === (b.skipTLSVerify === true);

/** Sessions by endpoint: equal settings share one. Used last, stands first. */
function sessionPool(options: AcmeServerOptions): { of(endpoint: AcmeEndpoint): Session; clear(): void } {
  const sessions: { readonly endpoint: AcmeEndpoint; readonly session: Session }[] = [];
  const transport = { ...options, timeout: options.timeout ?? TIMEOUT };
  return {
    of(endpoint) {
      const index = sessions.findIndex((one) => equal(one.endpoint, endpoint));
      if (index === 0) return sessions[0]!.session;
      const kept = { ...endpoint };
      const found =
        index > 0 ? sessions.splice(index, 1)[0]! : { endpoint: kept, session: acmeSession(kept, transport) };
      sessions.unshift(found);
      if (sessions.length > MAX_SESSIONS) sessions.pop();
      return found.session;
    },
    clear() {
      sessions.length = 0;
    },
  };
}

/** The ACME client (contract: AcmeServer and AcmeLifecycle). */
export function acmeServer(options: AcmeServerOptions): AcmeServer & AcmeLifecycle {
  const sessions = sessionPool(options);
  const signed = (account: AcmeAccount) => ({ signer: account.signer, header: { kid: account.url } });
  const readOrder = (session: Session, action: string, url: string, answer: Answer): Order =>
    session.read(action, answer, (body) => orderOf(url, parsedJson(body), answer));

  return {
    meta: async (endpoint) => (await sessions.of(endpoint).directory()).meta,
    register: (endpoint, signer, request) => register(sessions.of(endpoint), signer, request),

    async newOrder(endpoint, account, request) {
      const session = sessions.of(endpoint);
      const { newOrder: url } = await session.directory();
      const { identifiers, profile, replaces, notAfter } = request;
      const payload = { identifiers, profile, replaces, notAfter };
      const answer = await session.post({ action: 'newOrder', url, ...signed(account), payload });
      const location = session.read('newOrder', answer, () => locationOf(answer, url));
      return readOrder(session, 'newOrder', location, answer);
    },

    async order(endpoint, account, url) {
      const session = sessions.of(endpoint);
      return readOrder(session, 'order', url, await session.post({ action: 'order', url, ...signed(account) }));
    },

    async authorization(endpoint, account, url) {
      const session = sessions.of(endpoint);
      const answer = await session.post({ action: 'authorization', url, ...signed(account) });
      return session.read('authorization', answer, (body) => authorizationOf(url, parsedJson(body), answer));
    },

    async answer(endpoint, account, url) {
      const session = sessions.of(endpoint);
      const request = { action: 'challenge', url, ...signed(account), payload: {}, repeatable: true };
      const answer = await session.post(request);
      return session.read('challenge', answer, (body) => challengeOf(parsedJson(body), answer));
    },

    async finalize(endpoint, account, order, csr) {
      const session = sessions.of(endpoint);
      const payload = { csr: Buffer.from(csr).toString('base64url') };
      const answer = await session.post({ action: 'finalize', url: order.finalize, ...signed(account), payload });
      return readOrder(session, 'finalize', order.url, answer);
    },

    download: (endpoint, account, url, preferredChain) => download(sessions.of(endpoint), account, url, preferredChain),
    changeKey: (endpoint, account, to) => changeKey(sessions.of(endpoint), account, to),
    deactivate: (endpoint, account) => deactivate(sessions.of(endpoint), account),
    revoke: (endpoint, by, certificate, reason) => revoke(sessions.of(endpoint), by, certificate, reason),
    renewalInfo: (endpoint, certId) => renewalInfo(sessions.of(endpoint), certId),

    keyAuthorization: (account, token) => `${token}.${joseKey(account.signer).thumbprint}`,
    dns01Value: (keyAuthorization) => hash('sha256', keyAuthorization, 'base64url'),
    close: async () => sessions.clear(),
  };
}
