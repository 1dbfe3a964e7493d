import { describe, expect, it } from 'vitest';
import {
  caHost,
  caLimits,
  exemptionOf,
  kindOf,
  limitKey,
  limitOf,
  refusedKey,
  teamShare,
} from '../../lib/domain/caLimits.ts';
import { domainsOf, type LimitedOrder, wantsOf } from '../../lib/domain/orderLimits.ts';

const PRODUCTION = { server: 'https://acme-v02.api.letsencrypt.org/directory' };
const STAGING = { server: 'https://acme-staging-v02.api.letsencrypt.org/directory' };
const OTHER = { server: 'https://ca.example.test:14000/dir' };
const HOST = 'acme-v02.api.letsencrypt.org';
const dns = (...values: string[]) => values.map((value) => ({ type: 'dns' as const, value }));
const order = (more: Partial<LimitedOrder> = {}): LimitedOrder => ({
  spec: PRODUCTION,
  host: HOST,
  account: 'https://a/1',
  team: 'shop',
  identifiers: dns('app.example.com', '*.example.com', 'app.example.org'),
  set: 'd1',
  ...more,
});

describe('what a CA allows', () => {
  it("is known of Let's Encrypt's production and staging, and of no other", () => {
    expect(caLimits(PRODUCTION).limits.certificatesPerDomain).toEqual({ count: 50, period: 604_800 });
    expect(caLimits(STAGING).limits.newOrders).toEqual({ count: 1500, period: 10_800 });
    expect(caLimits(STAGING).limits.certificatesPerDomain).toBeUndefined();
    expect(caLimits(OTHER)).toEqual({ limits: {}, renewalsExempt: false });
    expect(caHost(OTHER.server)).toBe('ca.example.test:14000');
  });

  it('is what the issuer says where it says something', () => {
    const rateLimits = { newOrders: { count: 3000, period: '3h' }, failedValidations: { none: true } } as const;
    const { limits, renewalsExempt } = caLimits({ ...PRODUCTION, rateLimits });
    expect(limits.newOrders).toEqual({ count: 3000, period: 10_800 });
    expect(limits.failedValidations).toBeUndefined();
    expect(limits.certificatesPerDomain).toEqual({ count: 50, period: 604_800 });
    expect(renewalsExempt).toBe(true);
    expect(caLimits({ ...PRODUCTION, rateLimits: { none: true } }).limits).toEqual({});
    expect(caLimits({ ...PRODUCTION, rateLimits: { renewalsExempt: false } }).renewalsExempt).toBe(false);
  });

  it.each([
    ['25%', 12],
    ['1%', 1],
    ['100%', 50],
    ['7', 7],
    ['70', 50],
  ])('leaves a team with a share of %s of 50 tokens %i', (share, count) => {
    const rateLimits = { teamShares: { shop: { certificatesPerDomain: share } } };
    const whole = { count: 50, period: 604_800 };
    expect(teamShare({ rateLimits }, 'certificatesPerDomain', 'shop', whole)).toEqual({ count, period: 604_800 });
    expect(teamShare({ rateLimits }, 'certificatesPerDomain', 'other', whole)).toBeUndefined();
    expect(teamShare({ rateLimits }, 'newOrders', 'shop', whole)).toBeUndefined();
    const key = limitKey.ofTeam(limitKey.certificatesPerDomain(HOST, 'example.com'), 'shop');
    expect(limitOf({ ...PRODUCTION, rateLimits }, key)).toEqual({ count, period: 604_800 });
  });
});

describe('an order touches', () => {
  it('its account, each registered domain once, its exact set, and each name without its wildcard', () => {
    const keys = wantsOf(order()).map(({ key, take }) => `${take ? 'takes' : 'sees'} ${key}`);
    expect(keys).toEqual([
      `takes newOrders/${HOST}/https://a/1`,
      `takes certificatesPerDomain/${HOST}/example.com`,
      `takes certificatesPerDomain/${HOST}/example.org`,
      `takes certificatesPerIdentifierSet/${HOST}/d1`,
      `sees failedValidations/${HOST}/https://a/1/app.example.com`,
      `sees failedValidations/${HOST}/https://a/1/example.com`,
      `sees failedValidations/${HOST}/https://a/1/app.example.org`,
    ]);
  });

  it('of a renewal only the exact set and the names, and with ARI nothing', () => {
    const kinds = wantsOf(order({ exemption: 'renewal' })).map(({ key }) => kindOf(key));
    expect(new Set(kinds)).toEqual(new Set(['certificatesPerIdentifierSet', 'failedValidations']));
    expect(wantsOf(order({ exemption: 'ari' }))).toEqual([]);
  });

  it('nothing where no limit is known', () => {
    expect(wantsOf(order({ spec: OTHER }))).toEqual([]);
  });

  it("the team's share beside the whole", () => {
    const spec = { ...PRODUCTION, rateLimits: { teamShares: { shop: { newOrders: '10%' } } } };
    const [whole, share] = wantsOf(order({ spec }));
    expect(share).toEqual({ key: `${whole!.key}#shop`, limit: { count: 30, period: 10_800 }, take: true });
  });

  it.each([
    [dns('a.b.example.co.uk', 'example.co.uk'), ['example.co.uk']],
    [dns('shop.github.io', '*.other.github.io'), ['shop.github.io', 'other.github.io']],
    [dns('github.io'), ['github.io']],
    [[{ type: 'ip' as const, value: '192.0.2.1' }], ['192.0.2.1']],
    [
      [
        { type: 'ip' as const, value: '2001:db8::1' },
        { type: 'ip' as const, value: '2001:db8::2' },
      ],
      ['2001:db8:0:0::/64'],
    ],
    [[{ type: 'ip' as const, value: '2001:db8:1:2:3:4:5:6' }], ['2001:db8:1:2::/64']],
  ])('as domains of %j: %j', (identifiers, domains) => {
    expect(domainsOf(identifiers)).toEqual(domains);
  });
});

describe('an exemption', () => {
  it.each([
    [true, true, true, 'ari'],
    [true, false, true, 'renewal'],
    [true, false, false, undefined],
    [false, true, true, undefined],
  ] as const)('where the CA knows them (%s), inside the window (%s), issued lately (%s): %s', (...given) => {
    const [renewalsExempt, replacesInWindow, issuedLately, exemption] = given;
    expect(exemptionOf({ limits: {}, renewalsExempt }, { replacesInWindow, issuedLately })).toBe(exemption);
  });
});

describe("a CA's refusal", () => {
  const at = 'in the last 168h0m0s, retry after 2026-06-01 15:04:05 UTC: see https://letsencrypt.org/docs/rate-limits/';
  it.each([
    [`too many certificates (50) already issued for "Example.com" ${at}`, `certificatesPerDomain/${HOST}/example.com`],
    [
      `too many certificates (5) already issued for this exact set of identifiers ${at}`,
      `certificatesPerIdentifierSet/${HOST}/d1`,
    ],
    [`too many new orders (300) from this account ${at}`, `newOrders/${HOST}/https://a/1`],
    [
      `too many failed authorizations (5) for "app.example.com" ${at}`,
      `failedValidations/${HOST}/https://a/1/app.example.com`,
    ],
    [`too many new registrations (10) from this IP address ${at}`, `newRegistrations/${HOST}`],
    ['slow down, please', undefined],
    ['Service busy; retry later.', undefined],
  ])('%s is of bucket %s', (detail, key) => {
    expect(refusedKey(detail, { host: HOST, account: 'https://a/1' }, 'd1')?.key).toBe(key);
  });

  it('before there is an account speaks of no account', () => {
    expect(refusedKey('too many new orders (300) from this account', { host: HOST }, undefined)).toBeUndefined();
  });
});
