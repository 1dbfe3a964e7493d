import { certId } from '../../lib/domain/certId.ts';
import type { Identifier } from '../../lib/domain/identifier.ts';
import { classOf } from '../../lib/domain/problem.ts';
import { instant } from '../../lib/domain/time.ts';
import {
  AcmeError,
  type AcmeLifecycle,
  type AcmeServer,
  type Authorization,
  type Order,
  type OrderRequest,
} from '../../lib/ports/acmeServer.ts';
import { Books, type LimitName } from './boulder.ts';
import { commonLifetime, DAY, HOUR, SHORT_LIFETIME, type Span, within } from './calendar.ts';
import type { Timeline } from './timeline.ts';
import { type PaperCertificate, paper, readRequest } from './x509.ts';

/** Only this long after an issuance is the same set of names a renewal. */
const RENEWAL_MEMORY = 120 * DAY;
const AUTHORITY = 'a1'.repeat(20);
/** Boulder asks for six hours; a day is as long as a client may wait, and keeps the simulation short. */
const ARI_RETRY = 86_400;

/** A certificate as the CA remembers it. */
export interface Standing extends PaperCertificate {
  readonly set: string;
  readonly account: string;
  replaced: boolean;
  revokedAt?: number;
}

interface OpenOrder {
  readonly order: Order;
  readonly account: string;
  readonly set: string;
  readonly exempt: 'ari' | 'renewal' | undefined;
  readonly short: boolean;
  readonly replaces?: string;
  status: Order['status'];
  readonly proved: Set<string>;
}

/** What the CA saw, for whoever judges. */
export interface CaObserver {
  ordered(at: number): void;
  issued(certificate: Standing, at: number): void;
  /** A request was refused for a limit. */
  exceeded(limit: LimitName, key: string, at: number): void;
}

export interface SimulatedCa extends AcmeServer, Pick<AcmeLifecycle, 'renewalInfo'> {
  /** Revokes a part of what stands; picked by `choose`. */
  revoke(choose: () => boolean): Standing[];
  /** Whether an order for these names by this account would be taken now: limits alone. */
  wouldTake(set: string, domain: string): boolean;
  /** Forgets what nobody asks for any more. */
  sweep(): void;
}

/** The registered domain of a simulated name: its last two labels. */
export const domainOf = (name: string): string => name.split('.').slice(-2).join('.');

/** An error as the adapter gives it. */
function refusal(type: string, detail: string, status?: number, retryAt?: number): AcmeError {
  const problem = { type, detail, ...(status !== undefined && { status }) };
  const failure = { class: classOf(problem), problem, ...(retryAt !== undefined && { retryAt: instant(retryAt) }) };
  return new AcmeError('simulated', failure, 'no');
}

/**
 * A CA in memory that keeps Boulder's limits with books of its own, suggests renewal windows as Boulder does, and is away when the calendar says so.
 * @param unprovable whether validation of a name fails now
 */
export function simulatedCa(
  timeline: Timeline,
  outages: readonly Span[],
  unprovable: (name: string) => boolean,
  observer: CaObserver,
): SimulatedCa {
  const books = new Books();
  const orders = new Map<string, OpenOrder>();
  const certificates = new Map<string, string>();
  const standing = new Map<string, Standing>();
  const latest = new Map<string, number>();
  let count = 0;

  const here = (): void => {
    if (within(outages, timeline.now)) throw refusal('caUnreachable', 'the CA did not answer');
  };
  const check = (limit: LimitName, key: string): void => {
    const wait = books.wait(limit, key, timeline.now);
    if (wait === 0) return;
    observer.exceeded(limit, key, timeline.now);
    throw refusal('rateLimited', `too many: ${limit} of "${key}"`, 429, timeline.now + wait);
  };
  const renews = (set: string): boolean =>
    (latest.get(set) ?? Number.NEGATIVE_INFINITY) > timeline.now - RENEWAL_MEMORY;
  const windowOf = ({ notBefore, notAfter, revokedAt }: Standing): readonly [number, number] => {
    if (revokedAt !== undefined) return [revokedAt - HOUR, revokedAt - HOUR / 2];
    const life = notAfter - notBefore;
    const ideal = notAfter - life / (life < 10 * DAY ? 2 : 3);
    return [ideal - life / 100, ideal + life / 100];
  };

  function exemption(request: OrderRequest, account: string, set: string): OpenOrder['exempt'] {
    const old = request.replaces === undefined ? undefined : standing.get(request.replaces);
    if (request.replaces !== undefined) {
      if (!old || old.account !== account) throw refusal('malformed', 'no such certificate of this account', 404);
      if (old.replaced) throw refusal('alreadyReplaced', 'it has a successor', 409);
      const [from, to] = windowOf(old);
      if (from <= timeline.now && timeline.now < to) return 'ari';
    }
    return renews(set) ? 'renewal' : undefined;
  }

  const current = ({ order, status }: OpenOrder): Order => ({
    ...order,
    status,
    ...(status === 'valid' && { certificate: `${order.url}/certificate` }),
  });
  const orderOf = (url: string): OpenOrder => {
    const open = orders.get(url);
    if (!open) throw refusal('malformed', 'there is no such order', 404);
    return open;
  };

  return {
    async meta() {
      here();
      const profiles = { classic: '', shortlived: '' };
      return { profiles, caaIdentities: ['ca.test'], externalAccountRequired: false, renewalInfo: 'https://ca/ari' };
    },
    async register(_, signer) {
      here();
      return { url: `https://ca/account/${Buffer.from(signer.publicKey).toString('hex')}`, status: 'valid' };
    },
    async newOrder(_, account, request) {
      here();
      const names = request.identifiers.map(({ value }) => value);
      const set = [...names].sort().join(',');
      const exempt = exemption(request, account.url, set);
      if (exempt !== 'ari') {
        for (const name of names) check('failedValidations', `${account.url} ${name}`);
        if (exempt === undefined) {
          check('newOrders', account.url);
          for (const domain of new Set(names.map(domainOf))) check('certificatesPerDomain', domain);
          books.spend('newOrders', account.url, timeline.now);
        }
        check('certificatesPerSet', set);
      }
      observer.ordered(timeline.now);
      const url = `https://ca/order/${++count}`;
      const order: Order = {
        url,
        status: 'pending',
        identifiers: request.identifiers,
        authorizations: names.map((name) => `${url}/${name}`),
        finalize: `${url}/finalize`,
        expires: instant(timeline.now + 7 * DAY),
      };
      const short = request.profile === 'shortlived';
      orders.set(url, {
        order,
        account: account.url,
        set,
        exempt,
        short,
        status: 'pending',
        proved: new Set(),
        replaces: request.replaces,
      });
      return order;
    },
    async order(_, __, url) {
      here();
      return current(orderOf(url));
    },
    async authorization(_, __, url) {
      here();
      const { status, proved } = orderOf(url.slice(0, url.lastIndexOf('/')));
      return authorizationOf(url, proved.has(url) ? 'valid' : status === 'invalid' ? 'invalid' : 'pending');
    },
    async answer(_, __, challengeUrl) {
      here();
      const at = challengeUrl.slice(0, -'/http'.length);
      const open = orderOf(at.slice(0, at.lastIndexOf('/')));
      const name = at.slice(at.lastIndexOf('/') + 1);
      if (unprovable(name)) {
        open.status = 'invalid';
        books.spend('failedValidations', `${open.account} ${name}`, timeline.now);
        const problem = { type: 'dns', detail: 'SERVFAIL looking up A', status: 400 };
        const failure = { class: classOf(problem), problem };
        return { type: 'http-01', url: challengeUrl, token: 't', status: 'invalid', problem: failure };
      }
      open.proved.add(at);
      if (open.proved.size === open.order.authorizations.length) open.status = 'ready';
      return { type: 'http-01', url: challengeUrl, token: 't', status: 'valid' };
    },
    async finalize(_, __, { url }, csr) {
      here();
      const open = orderOf(url);
      if (open.status !== 'ready') throw refusal('orderNotReady', `the order is ${open.status}`, 403);
      const { dnsNames, publicKeyHash } = readRequest(csr);
      const life = open.short ? SHORT_LIFETIME : commonLifetime(timeline.now);
      const serial = (2 ** 40 + ++count).toString(16);
      const notBefore = timeline.now - HOUR;
      const leaf = {
        serial,
        dnsNames,
        publicKeyHash,
        notBefore,
        notAfter: notBefore + life,
        authorityKeyId: AUTHORITY,
      };
      const made: Standing = { ...leaf, set: open.set, account: open.account, replaced: false };
      if (open.exempt === undefined)
        for (const name of new Set(dnsNames.map(domainOf))) books.spend('certificatesPerDomain', name, timeline.now);
      if (open.exempt !== 'ari') books.spend('certificatesPerSet', open.set, timeline.now);
      const old = open.replaces === undefined ? undefined : standing.get(open.replaces);
      if (old) old.replaced = true;
      standing.set(certId(AUTHORITY, serial), made);
      latest.set(open.set, timeline.now);
      open.status = 'valid';
      certificates.set(`${url}/certificate`, paper(leaf));
      observer.issued(made, timeline.now);
      return current(open);
    },
    async download(_, __, url) {
      here();
      const pem = certificates.get(url);
      if (pem === undefined) throw refusal('malformed', 'there is no such certificate', 404);
      return pem;
    },
    async renewalInfo(_, id) {
      here();
      const found = standing.get(id);
      if (!found) throw refusal('malformed', 'there is no such certificate', 404);
      const [start, end] = windowOf(found);
      return { start: instant(start), end: instant(end), retryAfter: ARI_RETRY };
    },
    keyAuthorization: (_, token) => `${token}.thumbprint`,
    dns01Value: (text) => text,
    close: async () => {},
    revoke(choose) {
      const open = [...standing.values()].filter((one) => !one.replaced && one.notAfter > timeline.now);
      const revoked = open.filter((one) => one.revokedAt === undefined && choose());
      for (const one of revoked) one.revokedAt = timeline.now;
      return revoked;
    },
    wouldTake: (set, domain) =>
      renews(set)
        ? books.wait('certificatesPerSet', set, timeline.now) === 0
        : books.wait('certificatesPerDomain', domain, timeline.now) === 0,
    sweep() {
      books.sweep(timeline.now);
      for (const [id, { notAfter }] of standing) if (notAfter < timeline.now) standing.delete(id);
      for (const [set, at] of latest) if (at < timeline.now - RENEWAL_MEMORY) latest.delete(set);
      for (const [url, { order }] of orders) {
        if (order.expires! > timeline.instant()) continue;
        orders.delete(url);
        certificates.delete(`${url}/certificate`);
      }
    },
  };
}

function authorizationOf(url: string, status: Authorization['status']): Authorization {
  const identifier: Identifier = { type: 'dns', value: url.slice(url.lastIndexOf('/') + 1) };
  const challenge = {
    type: 'http-01',
    url: `${url}/http`,
    token: url.slice('https://ca/order/'.length),
    status: 'pending',
  } as const;
  return { url, status, identifier, wildcard: false, challenges: [challenge] };
}
