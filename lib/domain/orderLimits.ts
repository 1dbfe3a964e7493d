import { type CaAccount, caLimits, type Exemption, limitKey, teamShare } from './caLimits.ts';
import type { Identifier } from './identifier.ts';
import type { Want } from './limits.decide.ts';
import type { Limit } from './limits.ts';
import { registeredDomain, withoutWildcard } from './names.ts';
import type { SharedKind } from './rateLimits.ts';
import type { AcmeIssuerSpec } from './spec.ts';

/** What a limit per domain counts for an identifier: its registered domain, an IPv4 address, or the /64 of an IPv6 address. */
export function domainOf({ type, value }: Identifier): string {
  if (type === 'dns') return registeredDomain(value);
  if (!value.includes(':')) return value;
  const [head = '', tail] = value.split('::');
  const groups = head === '' ? [] : head.split(':');
  const last = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - groups.length - last.length;
  return `${[...groups, ...Array<string>(zeros).fill('0'), ...last].slice(0, 4).join(':')}::/64`;
}

/** The domains of a certificate, each once. */
export const domainsOf = (identifiers: readonly Identifier[]): string[] => [...new Set(identifiers.map(domainOf))];

/** An order, as far as limits go. */
export interface LimitedOrder extends CaAccount {
  readonly spec: Pick<AcmeIssuerSpec, 'server' | 'rateLimits'>;
  readonly team: string;
  readonly identifiers: readonly Identifier[];
  /** A digest of the identifiers' exact set. */
  readonly set: string;
  readonly exemption?: Exemption;
}

/** What the CA counts when the order is placed. */
function orderWants(order: LimitedOrder): Want[] {
  const { newOrders } = caLimits(order.spec).limits;
  if (!newOrders || order.exemption) return [];
  return withShare(order, 'newOrders', limitKey.newOrders(order), newOrders);
}

/** What the CA counts when the certificate is issued; it is looked at when the order is placed. */
function certificateWants(order: LimitedOrder): Want[] {
  const { certificatesPerDomain, certificatesPerIdentifierSet } = caLimits(order.spec).limits;
  const { host, identifiers, set, exemption } = order;
  const perDomain = certificatesPerDomain && !exemption ? domainsOf(identifiers) : [];
  return [
    ...perDomain.flatMap((domain) =>
      withShare(order, 'certificatesPerDomain', limitKey.certificatesPerDomain(host, domain), certificatesPerDomain!),
    ),
    ...(certificatesPerIdentifierSet
      ? [{ key: limitKey.certificatesPerIdentifierSet(host, set), limit: certificatesPerIdentifierSet, take: true }]
      : []),
  ];
}

/** What must have a token and loses none: validations that failed. */
function validationWants(order: LimitedOrder): Want[] {
  const limit = caLimits(order.spec).limits.failedValidations;
  if (!limit) return [];
  const names = new Set(order.identifiers.map(({ value }) => withoutWildcard(value)));
  return [...names].map((name) => ({ key: limitKey.failedValidations(order, name), limit, take: false }));
}

function withShare(order: LimitedOrder, kind: SharedKind, key: string, limit: Limit): Want[] {
  const share = teamShare(order.spec, kind, order.team, limit);
  const whole = { key, limit, take: true };
  return share ? [whole, { key: limitKey.ofTeam(key, order.team), limit: share, take: true }] : [whole];
}

/** Everything that is asked before an order is placed. With the exemption of ARI nothing is asked. */
export const wantsOf = (order: LimitedOrder): Want[] =>
  order.exemption === 'ari' ? [] : [...orderWants(order), ...certificateWants(order), ...validationWants(order)];
