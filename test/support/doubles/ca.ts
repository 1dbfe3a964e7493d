import { createHash, randomBytes } from 'node:crypto';
import { x509 } from '../../../lib/adapters/x509/x509.ts';
import type { Identifier } from '../../../lib/domain/identifier.ts';
import { classOf, type Problem } from '../../../lib/domain/problem.ts';
import { instant } from '../../../lib/domain/time.ts';
import {
  AcmeError,
  type AcmeLifecycle,
  type AcmeServer,
  type Authorization,
  type Order,
  type OrderRequest,
  type RenewalInfo,
} from '../../../lib/ports/acmeServer.ts';

const { generateKey, signer: signerOf, sign, readCsr } = x509();

interface StandingOrder extends Order {
  readonly account: string;
}
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What a test may tell the CA to do. */
export interface CaControls {
  /** Why an identifier is refused when its challenge is answered; undefined: the CA looks at what is published. */
  judge?: (identifier: Identifier) => Problem | undefined;
  /** Orders stay as they are after an answer or a finalization. */
  slow: boolean;
  /** A new order for the names of a pending one is that one. */
  shares: boolean;
  /** Seconds until a new order expires. */
  orderLife: number;
  /** Certifies another key than the CSR's. */
  wrongKey: boolean;
  /** Renewal information for a certificate; absent: this CA has none. */
  renewalInfo?: (certId: string) => RenewalInfo;
  /** Called before each request; throws to refuse it. `request` is what a new order asks for. */
  before: (action: string, request?: OrderRequest) => void | Promise<void>;
}

/** A double of an ACME CA in memory. It judges by what `published` shows, and signs really. */
export interface CaDouble extends AcmeServer, Pick<AcmeLifecycle, 'changeKey' | 'renewalInfo' | 'revoke'> {
  readonly controls: CaControls;
  /** Every request, by its name. */
  readonly requests: string[];
  /** Forgets every order, or every account. */
  lose(what: 'orders' | 'accounts'): void;
  /** Sets every order that is under way to `status`. */
  set(status: Order['status']): void;
}

/** A refusal as the adapter throws it. */
export function refusal(type: string, status: number, detail = type): AcmeError {
  const problem = { type, detail, status };
  return new AcmeError('test', { class: classOf(problem), problem });
}

/** @param published the TXT values that stand at a name, as the CA would see them */
export async function caDouble(published: (fqdn: string) => readonly string[]): Promise<CaDouble> {
  const orders = new Map<string, Mutable<StandingOrder>>();
  const authorizations = new Map<string, Mutable<Authorization>>();
  const certificates = new Map<string, string>();
  const accounts = new Map<string, string>();
  const requests: string[] = [];
  const controls: CaControls = {
    slow: false,
    shares: false,
    orderLife: 86_400,
    wrongKey: false,
    before: () => {},
  };
  const names = { ipAddresses: [], uris: [], emailAddresses: [] };
  const keyKind = { algorithm: 'ECDSA', size: 256 } as const;
  const validity = (days: number) => ({
    notBefore: instant(Date.now() - 60_000),
    notAfter: instant(Date.now() + days * 86_400_000),
  });
  const caSigner = await signerOf(await generateKey(keyKind));
  const base = { keyKind, serial: '01', ...names, usages: ['cert sign'] };
  const root = await sign(
    { ...base, ...validity(3650), commonName: 'Double CA', dnsNames: [], publicKey: caSigner.publicKey, isCA: true },
    { signer: caSigner },
  );
  let count = 0;

  const asked = async (action: string, request?: OrderRequest): Promise<void> => {
    requests.push(action);
    await controls.before(action, request);
  };
  const known = (account: string): void => {
    if (![...accounts.values()].includes(account)) throw refusal('accountDoesNotExist', 400);
  };
  const standing = (url: string): Mutable<StandingOrder> => {
    const order = orders.get(url);
    if (!order) throw refusal('malformed', 404, 'no such order');
    return order;
  };
  const refresh = (order: Mutable<StandingOrder>): Order => {
    const all = order.authorizations.map((url) => authorizations.get(url)!);
    if (order.status === 'pending' && all.some((one) => one.status === 'invalid')) order.status = 'invalid';
    if (order.status === 'pending' && all.every((one) => one.status === 'valid')) order.status = 'ready';
    return { ...order };
  };
  const dns01Value = (keyAuthorization: string): string =>
    createHash('sha256').update(keyAuthorization).digest('base64url');
  const keyAuthorization = (token: string): string => `${token}.thumbprint`;

  const validate = (authorization: Mutable<Authorization>): void => {
    const { identifier, challenges } = authorization;
    const shown = published(`_acme-challenge.${identifier.value}`);
    const right = shown.includes(dns01Value(keyAuthorization(challenges[0]!.token!)));
    const wrong = right ? undefined : { type: 'unauthorized', detail: `wrong TXT at ${identifier.value}`, status: 403 };
    const problem = controls.judge ? controls.judge(identifier) : wrong;
    authorization.status = problem ? 'invalid' : 'valid';
    authorization.challenges = challenges.map((challenge) => ({
      ...challenge,
      status: problem ? 'invalid' : 'valid',
      ...(problem ? { problem: { class: classOf(problem), problem } } : {}),
    }));
  };

  const ca: CaDouble = {
    controls,
    requests,
    lose(what) {
      if (what === 'orders') orders.clear();
      else accounts.clear();
    },
    set(status) {
      for (const order of orders.values()) order.status = status;
    },
    async meta() {
      const renewalInfo = controls.renewalInfo && { renewalInfo: 'https://ca/renewal-info' };
      return { profiles: {}, caaIdentities: ['double.ca'], externalAccountRequired: false, ...renewalInfo };
    },
    async renewalInfo(_endpoint, certId) {
      if (!controls.renewalInfo) return undefined;
      await asked('renewalInfo');
      return controls.renewalInfo(certId);
    },
    async revoke() {
      await asked('revoke');
    },
    async changeKey(_endpoint, account, to) {
      await asked('changeKey');
      known(account.url);
      accounts.delete(Buffer.from(account.signer.publicKey).toString('hex'));
      accounts.set(Buffer.from(to.publicKey).toString('hex'), account.url);
    },
    async register(_endpoint, signer) {
      await asked('register');
      const key = Buffer.from(signer.publicKey).toString('hex');
      if (!accounts.has(key)) accounts.set(key, `https://ca/account/${++count}`);
      return { url: accounts.get(key)!, status: 'valid' };
    },
    async newOrder(_endpoint, account, request) {
      const { identifiers } = request;
      await asked('newOrder', request);
      known(account.url);
      const twin = [...orders.values()].find(
        (order) => order.status === 'pending' && JSON.stringify(order.identifiers) === JSON.stringify(identifiers),
      );
      if (controls.shares && twin) return { ...twin };
      const url = `https://ca/order/${++count}`;
      for (const identifier of identifiers) {
        const at = `${url}/${identifier.value}`;
        const token = randomBytes(8).toString('hex');
        const value = identifier.value.replace(/^\*\./, '');
        authorizations.set(at, {
          url: at,
          status: 'pending',
          identifier: { ...identifier, value },
          wildcard: value !== identifier.value,
          challenges: [{ type: 'dns-01', url: `${at}/dns`, token, status: 'pending' }],
        });
      }
      orders.set(url, {
        url,
        account: account.url,
        status: 'pending',
        identifiers,
        authorizations: identifiers.map(({ value }) => `${url}/${value}`),
        finalize: `${url}/finalize`,
        expires: instant(Date.now() + controls.orderLife * 1000),
      });
      return { ...orders.get(url)! };
    },
    async order(_endpoint, account, url) {
      await asked('order');
      known(account.url);
      return refresh(standing(url));
    },
    async authorization(_endpoint, _account, url) {
      await asked('authorization');
      return { ...authorizations.get(url)! };
    },
    async answer(_endpoint, _account, challengeUrl) {
      await asked('answer');
      const authorization = authorizations.get(challengeUrl.slice(0, -'/dns'.length))!;
      if (!controls.slow && authorization.status === 'pending') validate(authorization);
      return authorization.challenges[0]!;
    },
    async finalize(_endpoint, _account, { url }, csr) {
      await asked('finalize');
      const order = standing(url);
      if (refresh(order).status !== 'ready') throw refusal('orderNotReady', 403);
      const facts = await readCsr(csr);
      const other = await signerOf(await generateKey(keyKind));
      const leaf = await sign(
        {
          ...names,
          ...validity(90),
          dnsNames: facts.dnsNames,
          publicKey: controls.wrongKey ? other.publicKey : facts.publicKey,
          keyKind: controls.wrongKey ? keyKind : facts.keyKind,
          serial: `4${randomBytes(15).toString('hex').slice(1)}`,
          isCA: false,
          usages: ['digital signature', 'server auth'],
        },
        { signer: caSigner, certificate: root },
      );
      order.status = controls.slow ? 'processing' : 'valid';
      order.certificate = `${url}/certificate`;
      certificates.set(order.certificate, leaf + root);
      return { ...order };
    },
    async download(_endpoint, _account, url) {
      await asked('download');
      return certificates.get(url)!;
    },
    keyAuthorization: (_account, token) => keyAuthorization(token),
    dns01Value,
    close: async () => {},
  };
  return ca;
}
