import 'reflect-metadata';
import { generateKeyPairSync, webcrypto, type X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { isIP } from 'node:net';
import { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { type AcmeServerOptions, acmeServer } from '../../lib/adapters/acme/acmeServer.ts';
import { localSigner } from '../../lib/adapters/localkeys/keySigner.ts';
import { httpClient } from '../../lib/adapters/net/client.ts';
import type { HttpClient } from '../../lib/adapters/net/http.ts';
import { certId } from '../../lib/domain/certId.ts';
import { instant } from '../../lib/domain/time.ts';
import type {
  AcmeAccount,
  AcmeEndpoint,
  AcmeServer,
  Authorization,
  Challenge,
  Order,
} from '../../lib/ports/acmeServer.ts';
import type { KeySigner } from '../../lib/ports/keySigner.ts';

/** A signer over a new key. */
export function newSigner(kind: 'P-256' | 'P-384' | 'RSA' = 'P-256'): KeySigner {
  const keys =
    kind === 'RSA'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: kind });
  return localSigner(keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
}

/** Our client on a dialler that may go anywhere. `http` is closed by the caller. */
export function newAcme(
  options: Partial<AcmeServerOptions> = {},
): ReturnType<typeof acmeServer> & { readonly http: HttpClient } {
  const http = options.http ?? httpClient({ allow: ['*'] });
  const clock = { now: () => instant(Date.now()) };
  return { ...acmeServer({ clock, userAgent: 'chancery-test/1', ...options, http }), http };
}

/** DER of a CSR for these names and addresses, with a key that is thrown away. */
export async function newCsr(names: readonly string[]): Promise<Uint8Array> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const alternatives = names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }));
  const extensions = [new SubjectAlternativeNameExtension(alternatives)];
  const csr = await Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: algorithm, extensions });
  return new Uint8Array(csr.rawData);
}

/** Answers http-01 on the port where the CA looks. `tokens` maps a token to its key authorization. */
export async function startHttp01(port: number): Promise<{ tokens: Map<string, string>; server: Server }> {
  const tokens = new Map<string, string>();
  const server = createServer((request, response) => {
    const found = tokens.get(request.url?.split('/').at(-1) ?? '');
    response.statusCode = found === undefined ? 404 : 200;
    response.end(found);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { tokens, server };
}

/** The challenge of one type. */
export function challengeOf(authorization: Authorization, type: string): Challenge {
  const found = authorization.challenges.find((challenge) => challenge.type === type);
  if (!found) throw new Error(`the authorization offers no ${type}`);
  return found;
}

/** What a test's order goes through; `present` gets each pending authorization and its key authorization. */
export interface Ordering {
  readonly acme: AcmeServer;
  readonly endpoint: AcmeEndpoint;
  readonly account: AcmeAccount;
  readonly type: 'http-01' | 'dns-01';
  present(authorization: Authorization, challenge: Challenge, keyAuthorization: string): Promise<void> | void;
}

/** Answers every pending challenge of an order, then asks for it until it leaves `pending`. */
export async function validate({ acme, endpoint, account, type, present }: Ordering, order: Order): Promise<Order> {
  for (const url of order.authorizations) {
    const authorization = await acme.authorization(endpoint, account, url);
    if (authorization.status !== 'pending') continue;
    const challenge = challengeOf(authorization, type);
    await present(authorization, challenge, acme.keyAuthorization(account, challenge.token!));
    await acme.answer(endpoint, account, challenge.url);
  }
  return settle({ acme, endpoint, account }, order.url, ['pending']);
}

/** Asks for an order until its status is none of these. */
export async function settle(
  { acme, endpoint, account }: Pick<Ordering, 'acme' | 'endpoint' | 'account'>,
  url: string,
  pending: readonly Order['status'][],
): Promise<Order> {
  for (;;) {
    const order = await acme.order(endpoint, account, url);
    if (!pending.includes(order.status)) return order;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The whole way from names to a chain. */
export async function obtain(
  ordering: Ordering,
  names: readonly string[],
  more: {
    readonly profile?: string;
    readonly replaces?: string;
    readonly preferredChain?: string;
    readonly csr?: Uint8Array;
  } = {},
): Promise<{ order: Order; chain: string }> {
  const { acme, endpoint, account } = ordering;
  const identifiers = names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }));
  const { preferredChain, csr, ...asked } = more;
  const placed = await acme.newOrder(endpoint, account, { identifiers, ...asked });
  const ready = await validate(ordering, placed);
  if (ready.status !== 'ready') return { order: ready, chain: '' };
  await acme.finalize(endpoint, account, ready, csr ?? (await newCsr(names)));
  const order = await settle(ordering, ready.url, ['ready', 'processing']);
  return { order, chain: await acme.download(endpoint, account, order.certificate!, preferredChain) };
}

/** A certificate's identifier in renewal information: the only [0] of 20 bytes after the AKI's OID is its keyIdentifier. */
export function idOf(certificate: X509Certificate): string {
  const hex = certificate.raw.toString('hex');
  const keyId = /8014([0-9a-f]{40})/.exec(hex.slice(hex.indexOf('0603551d23')))![1]!;
  return certId(keyId, certificate.serialNumber);
}
