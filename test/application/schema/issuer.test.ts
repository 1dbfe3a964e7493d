import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { readIssuerBody, readIssuerSpec } from '../../../lib/application/schema/read.ts';
import { Refusal } from '../../../lib/domain/refusal.ts';
import { codesOf, errorsOf } from './errorsOf.ts';

const ours = { defaults: 'chancery' } as const;
const theirs = { defaults: 'cert-manager' } as const;
const server = 'https://ca.example.test/directory';
const tsig = { nameserver: '127.0.0.1:53', tsigKeyName: 'key', tsigSecretSecretRef: { name: 'tsig', key: 'secret' } };

const read = (spec: object, context: typeof ours | typeof theirs = ours) => readIssuerSpec(spec, context);
const acme = (change: object) => ({ acme: { server, ...change } });
const dns01 = (change: object) => acme({ solvers: [{ dns01: change }] });

/** The frame of a PEM certificate; nothing here looks inside. */
let pem: string;
beforeAll(() => {
  const frame = (edge: string) => `-----${edge} CERTIFICATE-----`;
  pem = `${frame('BEGIN')}\n${Buffer.from('no certificate').toString('base64')}\n${frame('END')}\n`;
});

describe('an issuer is read', () => {
  test('of each type', () => {
    expect(read({ selfSigned: {} })).toEqual({ selfSigned: {} });
    expect(read({ ca: { secretName: 'root' } })).toEqual({ ca: { secretName: 'root' } });
    expect(read(acme({}))).toEqual({ acme: { server, solvers: [] } });
  });

  test('with what cert-manager writes and we do not need', () => {
    const extra = { privateKeySecretRef: { name: 'account' }, disableAccountKeyGeneration: false, preferredChain: '' };
    const binding = { keyID: 'kid', keySecretRef: { name: 'eab' } };
    const input = acme({ ...extra, externalAccountBinding: { ...binding, keyAlgorithm: 'HS256' } });
    expect(read(input)).toEqual(
      acme({ privateKeySecretRef: { name: 'account' }, externalAccountBinding: binding, solvers: [] }),
    );
  });

  test('with its caBundle as PEM, whether it came so or in base64, remarks dropped', () => {
    const bundle = `# a root\n${pem}# another\n${pem}`;
    const expected = `${pem}${pem}`;
    for (const caBundle of [bundle, Buffer.from(bundle).toString('base64'), expected]) {
      expect(read(acme({ caBundle })).acme?.caBundle).toBe(expected);
    }
  });

  test('with http01 as it was told, recorded', () => {
    const http01 = { gatewayHTTPRoute: { parentRefs: [{ name: 'web' }] } };
    expect(read(acme({ solvers: [{ http01 }, { http01: {} }] })).acme?.solvers).toEqual([{ http01 }, { http01: {} }]);
  });

  test('with route53 as cert-manager names it', () => {
    const route53 = { region: 'eu-central-1', role: 'arn:aws:iam::111122223333:role/dns' };
    const given = [
      { ...route53, hostedZoneID: '/hostedzone/Z0123456789ABC' },
      { hostedZoneID: '', region: '', role: '' },
    ];
    const solvers = given.map((each) => ({ dns01: { route53: each } }));
    expect(read(acme({ solvers })).acme?.solvers).toEqual([
      { dns01: { route53: { ...route53, hostedZoneID: 'Z0123456789ABC' } } },
      { dns01: { route53: {} } },
    ]);
  });

  test('with selectors of normal names', () => {
    const selector = { dnsNames: ['Bücher.example'], dnsZones: ['Example.com.'] };
    const [solver] = read(
      acme({
        solvers: [
          { selector, http01: {} },
          { selector: {}, http01: {} },
        ],
      }),
    ).acme!.solvers;
    expect(solver?.selector).toEqual({ dnsNames: ['xn--bcher-kva.example'], dnsZones: ['example.com'] });
  });

  test.each([
    'ns1.example.com',
    'ns1.example.com.:53',
    '192.0.2.1',
    '192.0.2.1:53',
    '2001:db8::1',
    '[2001:db8::1]:53',
    'localhost:1',
  ])('with the name server %s', (nameserver) => {
    expect(() => read(dns01({ rfc2136: { nameserver }, nameservers: [nameserver] }))).not.toThrow();
  });
});

describe("a TSIG algorithm is never MD5, and is not guessed where cert-manager's would be", () => {
  test.each([
    [undefined, ours, 'HMACSHA256'],
    ['hmacsha512', theirs, 'HMACSHA512'],
    ['HMACSHA1', ours, 'HMACSHA1'],
  ])('%s', (tsigAlgorithm, context, expected) => {
    const [solver] = read(dns01({ rfc2136: { ...tsig, tsigAlgorithm } }), context).acme!.solvers;
    expect(solver?.dns01?.rfc2136?.tsigAlgorithm).toBe(expected);
  });

  test.each([
    [undefined, theirs],
    ['HMACMD5', ours],
    ['hmacmd5', theirs],
    ['SHA256', ours],
  ])('%s is refused', (tsigAlgorithm, context) => {
    const [error] = errorsOf(() => read(dns01({ rfc2136: { ...tsig, tsigAlgorithm } }), context));
    expect(error).toMatchObject({ code: 'TsigAlgorithmUnsupported', remedy: expect.stringContaining('HMACSHA256') });
  });

  test('without a key there is no algorithm', () => {
    const [solver] = read(dns01({ rfc2136: { nameserver: 'ns' } }), theirs).acme!.solvers;
    expect(solver?.dns01).toEqual({ rfc2136: { nameserver: 'ns' } });
  });
});

describe('bad input is refused by place and code:', () => {
  const solver = 'spec.acme.solvers[0]';
  test.each<[string, object, string[]]>([
    ['no type', {}, ['spec IssuerTypeMissing']],
    ['two types', { selfSigned: {}, ca: { secretName: 'a' } }, ['spec IssuerTypeTwice']],
    ['vault', { vault: {} }, ['spec.vault UnsupportedField']],
    ['venafi', { venafi: {} }, ['spec.venafi UnsupportedField']],
    ['a CA without its Secret', { ca: {} }, ['spec.ca.secretName MissingField']],
    ['no server', { acme: {} }, ['spec.acme.server MissingField']],
    ['a server that is no URL', { acme: { server: 'ca' } }, ['spec.acme.server InvalidValue']],
    ['a server in the clear', { acme: { server: 'http://ca' } }, ['spec.acme.server InvalidUrl']],
    ['a password in the URL', { acme: { server: 'https://a:b@ca' } }, ['spec.acme.server InvalidUrl']],
    ['no mail address', acme({ email: 'me' }), ['spec.acme.email InvalidEmail']],
    ['a CA bundle of nothing', acme({ caBundle: 'AAAA' }), ['spec.acme.caBundle InvalidCaBundle']],
    [
      'labels in a selector',
      acme({ solvers: [{ selector: { matchLabels: {} }, http01: {} }] }),
      [`${solver}.selector.matchLabels UnsupportedField`],
    ],
    ['a solver of no type', acme({ solvers: [{}] }), [`${solver} SolverTypeMissing`]],
    [
      'a solver of both types',
      acme({ solvers: [{ http01: {}, dns01: { rfc2136: { nameserver: 'a' } } }] }),
      [`${solver} SolverTypeMissing`],
    ],
    ['a dns01 of no provider', dns01({}), [`${solver}.dns01 DnsProviderMissing`]],
    [
      'half a TSIG key',
      dns01({ rfc2136: { nameserver: 'a', tsigKeyName: 'k' } }),
      [`${solver}.dns01.rfc2136.tsigSecretSecretRef MissingField`],
    ],
    [
      'a port that is none',
      dns01({ rfc2136: { nameserver: 'a:70000' } }),
      [`${solver}.dns01.rfc2136.nameserver InvalidNameserver`],
    ],
    [
      'a name server that is no name',
      dns01({ rfc2136: { nameserver: 'a_b:53' } }),
      [`${solver}.dns01.rfc2136.nameserver UnderscoreInName`],
    ],
    [
      "a cluster's webhook",
      dns01({ webhook: { url: 'https://a', groupName: 'x' } }),
      [`${solver}.dns01.webhook.groupName UnsupportedField`],
    ],
    [
      'a token in the clear',
      dns01({ webhook: { url: 'http://a', tokenSecretRef: { name: 'x' } } }),
      [`${solver}.dns01.webhook.url InvalidUrl`],
    ],
    ['two providers', dns01({ webhook: { url: 'http://a' }, route53: {} }), [`${solver}.dns01 DnsProviderMissing`]],
    [
      'no zone',
      dns01({ route53: { hostedZoneID: 'example.com' } }),
      [`${solver}.dns01.route53.hostedZoneID InvalidZoneId`],
    ],
    ['no region', dns01({ route53: { region: 'here' } }), [`${solver}.dns01.route53.region InvalidRegion`]],
    ['no role', dns01({ route53: { role: 'chancery' } }), [`${solver}.dns01.route53.role InvalidRoleArn`]],
    ['another protocol', dns01({ webhook: { url: 'ftp://a' } }), [`${solver}.dns01.webhook.url InvalidUrl`]],
  ])('%s', (_, spec, expected) => {
    expect(codesOf(() => readIssuerBody({ spec }, ours))).toEqual(expected);
  });

  test.each(['accessKeyID', 'accessKeyIDSecretRef', 'secretAccessKeySecretRef', 'auth'])(
    'static credentials for Route 53 by %s, with what there is in their place',
    (member) => {
      const [error] = errorsOf(() => read(dns01({ route53: { region: 'eu-central-1', [member]: {} } })));
      expect(error).toMatchObject({ field: `${solver}.dns01.route53.${member}`, code: 'UnsupportedField' });
      expect(error?.remedy).toContain("the service's own role");
    },
  );

  test.each(['acmeDNS', 'akamai', 'azureDNS', 'cloudDNS', 'cloudflare', 'digitalocean'])(
    'the provider %s, with what there is in its place',
    (provider) => {
      const [error] = errorsOf(() => read(dns01({ [provider]: {} })));
      expect(error).toMatchObject({ field: `${solver}.dns01.${provider}`, code: 'UnsupportedField' });
      expect(error?.remedy).toContain('rfc2136');
    },
  );

  test('a private key that slipped into a CA bundle is refused, and not repeated', () => {
    const [error] = errorsOf(() => read(acme({ caBundle: `${pem}-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n` })));
    expect(error).toMatchObject({ code: 'InvalidCaBundle', message: 'holds a private key' });
    expect(JSON.stringify(error)).not.toContain('c2VjcmV0');
  });
});

describe('for any input', () => {
  const solvers = fc.array(
    fc.oneof(
      fc.constantFrom(
        { http01: { ingress: { class: 'nginx' } } },
        { selector: { dnsZones: ['Example.com'] }, dns01: { rfc2136: tsig, cnameStrategy: 'Follow' } },
        { dns01: { webhook: { url: 'http://127.0.0.1:1/x' }, nameservers: ['[::1]:53'] } },
        { dns01: { rfc2136: { ...tsig, tsigAlgorithm: 'hmacsha1' } } },
        { dns01: { route53: { hostedZoneID: '/hostedzone/Z1' } } },
      ),
      fc.anything(),
    ),
    { maxLength: 3 },
  );
  const issuers = fc.oneof(
    fc.anything(),
    fc.record({
      acme: fc.record({ server: fc.webUrl(), email: fc.emailAddress(), solvers }, { requiredKeys: ['server'] }),
    }),
  );

  test('the answer is a normal spec, which stays as it is when read again, or a Refusal', () => {
    let taken = 0;
    fc.assert(
      fc.property(issuers, fc.constantFrom(ours, theirs), (input, context) => {
        try {
          const spec = readIssuerSpec(input, context);
          taken++;
          const stored = JSON.parse(JSON.stringify(spec));
          expect(readIssuerSpec(stored, ours)).toEqual(spec);
          expect(readIssuerSpec(stored, theirs)).toEqual(spec);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
        }
      }),
      { numRuns: 600 },
    );
    expect(taken).toBeGreaterThan(20);
  });
});

describe("an issuer's word on its CA's limits is read", () => {
  const limits = (rateLimits: object) => acme({ rateLimits });

  test('with durations in their shortest form, and no change when it is read again', () => {
    const given = {
      newOrders: { count: 3000, period: '180m' },
      certificatesPerDomain: { none: true },
      renewalsExempt: false,
      teamShares: { shop: { newOrders: '25%' }, blog: { certificatesPerDomain: '12' } },
    };
    const spec = read(limits(given));
    expect(spec.acme?.rateLimits).toEqual({ ...given, newOrders: { count: 3000, period: '3h' } });
    expect(read(spec)).toEqual(spec);
    expect(read(limits({ none: true })).acme?.rateLimits).toEqual({ none: true });
  });

  test.each([
    ['half a limit', { newOrders: { count: 3 } }, ['spec.acme.rateLimits.newOrders LimitIncomplete']],
    ['a limit that is none', { newOrders: { count: 3, none: true } }, ['spec.acme.rateLimits.newOrders LimitTwice']],
    [
      'a period of no length',
      { newOrders: { count: 3, period: '0s' } },
      ['spec.acme.rateLimits.newOrders.period DurationOutOfBounds'],
    ],
    ['no tokens', { newOrders: { count: 0, period: '1h' } }, ['spec.acme.rateLimits.newOrders.count InvalidValue']],
    ['a limit that no CA has', { orders: {} }, ['spec.acme.rateLimits.orders UnknownField']],
    [
      'a share of nothing',
      { teamShares: { shop: { newOrders: '0%' } } },
      ['spec.acme.rateLimits.teamShares.shop.newOrders InvalidValue'],
    ],
    [
      'a share of what is not shared',
      { teamShares: { shop: { failedValidations: '5' } } },
      ['spec.acme.rateLimits.teamShares.shop.failedValidations UnknownField'],
    ],
  ])('and refused by place and code: %s', (_, rateLimits, wrong) => {
    const found = errorsOf(() => read(limits(rateLimits)));
    expect(found.map(({ field, code }) => `${field} ${code}`)).toEqual(wrong);
  });
});
