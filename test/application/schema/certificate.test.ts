import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCertificateBody, readCertificateSpec } from '../../../lib/application/schema/read.ts';
import { Refusal } from '../../../lib/domain/refusal.ts';
import { USAGES } from '../../../lib/domain/usages.ts';
import { codesOf, errorsOf } from './errorsOf.ts';

const ours = { team: 'payments', name: 'app', defaults: 'chancery' } as const;
const theirs = { ...ours, defaults: 'cert-manager' } as const;
const least = { dnsNames: ['app.example.com'], issuerRef: { name: 'ca' } };

const read = (change: object, context: typeof ours | typeof theirs = ours) =>
  readCertificateSpec({ ...least, ...change }, context);
const codes = (change: object) => codesOf(() => read(change));

describe('defaults are taken and written down', () => {
  test('our own', () => {
    expect(read({})).toEqual({
      dnsNames: ['app.example.com'],
      ipAddresses: [],
      uris: [],
      emailAddresses: [],
      issuerRef: { name: 'ca', kind: 'Issuer' },
      secretName: 'app',
      duration: '2160h',
      privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS1', rotationPolicy: 'Always' },
      usages: ['digital signature', 'key encipherment'],
      isCA: false,
      destinations: [],
    });
  });

  test("cert-manager's, which differ in the private key alone", () => {
    const privateKey = { algorithm: 'RSA', size: 2048, encoding: 'PKCS1', rotationPolicy: 'Always' };
    expect(read({}, theirs)).toEqual({ ...read({}), privateKey });
  });

  test.each([
    [{}, 'ECDSA 256', 'RSA 2048'],
    [{ algorithm: 'ECDSA' }, 'ECDSA 256', 'ECDSA 256'],
    [{ algorithm: 'RSA', size: 0 }, 'RSA 2048', 'RSA 2048'],
    [{ algorithm: 'ECDSA', size: 521 }, 'ECDSA 521', 'ECDSA 521'],
    [{ size: 4096 }, 'RSA 4096', 'RSA 4096'],
    [{ algorithm: 'Ed25519', size: 7, encoding: 'PKCS1' }, 'Ed25519 256', 'Ed25519 256'],
  ])('the key %j is %s, in a cert-manager manifest %s', (privateKey, our, their) => {
    const kind = (context: typeof ours | typeof theirs) => {
      const { algorithm, size } = read({ privateKey }, context).privateKey;
      return `${algorithm} ${size}`;
    };
    expect([kind(ours), kind(theirs)]).toEqual([our, their]);
  });

  test('an Ed25519 key is always PKCS8', () => {
    expect(read({ privateKey: { algorithm: 'Ed25519', encoding: 'PKCS1' } }).privateKey.encoding).toBe('PKCS8');
  });

  test('a destination has the namespace of the team and the secretName of the spec', () => {
    const destinations = [{ cluster: 'eu' }, { cluster: 'us', namespace: 'web', secretName: 'x', adopt: true }];
    expect(read({ secretName: 'app-tls', destinations }).destinations).toEqual([
      { kind: 'kubernetes', cluster: 'eu', namespace: 'payments', secretName: 'app-tls' },
      { kind: 'kubernetes', cluster: 'us', namespace: 'web', secretName: 'x', adopt: true },
    ]);
  });

  test('a directory is named in one way', () => {
    const destinations = [{ directory: '/etc//tls/app/' }];
    expect(read({ destinations }).destinations).toEqual([{ kind: 'directory', path: '/etc/tls/app' }]);
  });

  test('a secret of AWS has a name that no other certificate has, unless it is named', () => {
    const roleArn = 'arn:aws-cn:iam::111122223333:role/path/chancery';
    const destinations = [{ kind: 'secretsManager' }, { name: 'prod/app', region: 'us-gov-west-1' }, { roleArn }];
    const name = 'chancery/payments/app-{uid}';
    expect(read({ destinations }).destinations).toEqual([
      { kind: 'secretsManager', name },
      { kind: 'secretsManager', name: 'prod/app', region: 'us-gov-west-1' },
      { kind: 'secretsManager', name, roleArn },
    ]);
  });

  test('a member that is null counts as absent', () => {
    expect(read({ uris: null, privateKey: { size: null } })).toEqual(read({}));
  });

  test('what has no effect is accepted', () => {
    const change = { revisionHistoryLimit: 3, renewal: { policy: 'RenewBefore' } };
    expect(read({ ...change, issuerRef: { name: 'ca', group: 'cert-manager.io' } })).toEqual(read({}));
  });
});

const opening = (cron: string) => ({ cron, windowDuration: '2h' });

describe('when renewals may happen', () => {
  test('is kept with its defaults, and reads the same again', () => {
    const { renewal } = read({ renewal: { windows: [{ cron: ' 0  2 * * 6', windowDuration: '120m' }] } });
    expect(renewal).toEqual({
      policy: 'RenewBefore',
      windows: [{ cron: '0 2 * * 6', windowDuration: '2h', timezone: 'UTC' }],
      freezes: [],
    });
    expect(read({ renewal }).renewal).toEqual(renewal);
    expect(read({ renewal: { policy: 'Disabled' } }).renewal).toEqual({ policy: 'Disabled', windows: [], freezes: [] });
  });
});

describe('names become normal', () => {
  test('each in its list', () => {
    const spec = read({
      dnsNames: ['Bücher.example', '*.Example.com'],
      ipAddresses: ['2001:DB8::0'],
      uris: ['spiffe://example.com/App'],
      emailAddresses: ['Team@Example.com'],
    });
    expect(spec).toMatchObject({
      dnsNames: ['xn--bcher-kva.example', '*.example.com'],
      ipAddresses: ['2001:db8::'],
      uris: ['spiffe://example.com/App'],
      emailAddresses: ['Team@example.com'],
    });
  });

  test.each([
    ['a host name', 'WWW.Example.com', 'www.example.com', ['app.example.com', 'www.example.com'], []],
    ['a host name that is there', 'App.example.com', 'app.example.com', ['app.example.com'], []],
    ['an address', '192.0.2.1', '192.0.2.1', ['app.example.com'], ['192.0.2.1']],
    ['one label', 'Payments', 'Payments', ['app.example.com'], []],
    ['a text', 'Payments (blue)', 'Payments (blue)', ['app.example.com'], []],
    ['nothing', '', undefined, ['app.example.com'], []],
  ])('a common name that is %s', (_, commonName, normal, dnsNames, ipAddresses) => {
    const spec = read({ commonName });
    expect([spec.commonName, spec.dnsNames, spec.ipAddresses]).toEqual([normal, dnsNames, ipAddresses]);
  });

  test("a CA's common name is not made a name", () => {
    expect(read({ commonName: 'ca.example.com', isCA: true }).dnsNames).toEqual(['app.example.com']);
    const only = { issuerRef: { name: 'ca' }, commonName: 'Payments Root CA', isCA: true };
    expect(readCertificateSpec(only, ours).dnsNames).toEqual([]);
  });
});

describe('bad input is refused by place and code:', () => {
  const many = Array.from({ length: 100 }, (_, i) => `a${i}.example.com`);
  test.each<[string, object, string[]]>([
    ['two names that are one', { dnsNames: ['a.test', 'A.test'] }, ['spec.dnsNames[1] DuplicateName']],
    ['two spellings of an address', { ipAddresses: ['::1', '0::1'] }, ['spec.ipAddresses[1] DuplicateName']],
    ['no name', { dnsNames: [] }, ['spec.dnsNames NoNames']],
    ['101 names', { dnsNames: many, ipAddresses: ['::1'] }, ['spec.dnsNames TooManyNames']],
    ['101 names by the common name', { dnsNames: many, commonName: 'x.example.com' }, ['spec.dnsNames TooManyNames']],
    ['a name among the addresses', { ipAddresses: ['a.test'] }, ['spec.ipAddresses[0] InvalidIp']],
    ['a relative URI', { uris: ['/app'] }, ['spec.uris[0] InvalidUri']],
    ['a mail address with a name', { emailAddresses: ['Al <al@a.test>'] }, ['spec.emailAddresses[0] InvalidEmail']],
    ['a long common name', { commonName: 'x'.repeat(65) }, ['spec.commonName CommonNameTooLong']],
    ['a common name with a tab', { commonName: 'a\tb' }, ['spec.commonName InvalidCommonName']],
    ['59 minutes', { duration: '59m' }, ['spec.duration DurationTooShort']],
    ['a million hours', { duration: '1000000h' }, ['spec.duration DurationTooLong']],
    ['days, which Go has not', { duration: '90d' }, ['spec.duration InvalidValue']],
    ['renewing always', { renewBefore: '2160h' }, ['spec.renewBefore RenewBeforeNotBelowDuration']],
    [
      'renewing always by a part of a second',
      { duration: '1h', renewBefore: '3600.5s' },
      ['spec.renewBefore RenewBeforeNotBelowDuration'],
    ],
    ['renewing too late', { renewBefore: '4m59s' }, ['spec.renewBefore RenewBeforeTooShort']],
    ['two rules of renewal', { renewBefore: '1h', renewBeforePercentage: 30 }, ['spec.renewBefore RenewBeforeTwice']],
    ['0 percent', { renewBeforePercentage: 0 }, ['spec.renewBeforePercentage InvalidPercentage']],
    ['100 percent', { renewBeforePercentage: 100 }, ['spec.renewBeforePercentage InvalidPercentage']],
    ['half a percent', { renewBeforePercentage: 0.5 }, ['spec.renewBeforePercentage WrongType']],
    ['RSA 1024', { privateKey: { algorithm: 'RSA', size: 1024 } }, ['spec.privateKey.size KeySizeUnsupported']],
    ['ECDSA 2048', { privateKey: { algorithm: 'ECDSA', size: 2048 } }, ['spec.privateKey.size KeySizeUnsupported']],
    ['an unknown usage', { usages: ['server-auth'] }, ['spec.usages[0] InvalidValue']],
    ['no issuer', { issuerRef: undefined }, ['spec.issuerRef MissingField']],
    ['an issuer of another kind', { issuerRef: { name: 'ca', kind: 'Vault' } }, ['spec.issuerRef.kind InvalidValue']],
    ['a foreign issuer', { issuerRef: { name: 'a', group: 'x.io' } }, ['spec.issuerRef.group InvalidValue']],
    ['a Secret in capitals', { secretName: 'App' }, ['spec.secretName InvalidValue']],
    ['an empty destination', { destinations: [{}] }, ['spec.destinations[0] InvalidDestination']],
    [
      'a destination of both kinds',
      { destinations: [{ cluster: 'eu', directory: '/a' }] },
      ['spec.destinations[0] InvalidDestination'],
    ],
    [
      'a way out of a directory',
      { destinations: [{ directory: '/a/../b' }] },
      ['spec.destinations[0] InvalidDirectory'],
    ],
    ...[
      { kind: 'kubernetes' },
      { kind: 'directory', name: 'a' },
      { kind: 'secretsManager', cluster: 'eu' },
      { name: 'a', adopt: true },
    ].map((mixed): [string, object, string[]] => [
      `the mixture ${JSON.stringify(mixed)}`,
      { destinations: [mixed] },
      ['spec.destinations[0] InvalidDestination'],
    ]),
    ['a secret with a blank', { destinations: [{ name: 'a b' }] }, ['spec.destinations[0].name InvalidSecretName']],
    [
      'a secret with another placeholder',
      { destinations: [{ name: 'a{team}' }] },
      ['spec.destinations[0].name InvalidSecretName'],
    ],
    ['no region', { destinations: [{ region: 'Frankfurt' }] }, ['spec.destinations[0].region InvalidRegion']],
    ['no role', { destinations: [{ roleArn: 'chancery' }] }, ['spec.destinations[0].roleArn InvalidRoleArn']],
    ['a relative directory', { destinations: [{ directory: 'a' }] }, ['spec.destinations[0] InvalidDirectory']],
    [
      'one place twice',
      { destinations: [{ cluster: 'eu' }, { cluster: 'eu', namespace: 'payments', adopt: true }] },
      ['spec.destinations[1] DuplicateDestination'],
    ],
    [
      'a label that Kubernetes refuses',
      { secretTemplate: { labels: { 'a b': 'x', team: 'x y' } } },
      ['spec.secretTemplate.labels["a b"] InvalidValue', 'spec.secretTemplate.labels.team InvalidValue'],
    ],
    [
      'an annotation that is ours to write',
      { secretTemplate: { annotations: { 'cert-manager.io/issuer-name': 'x' } } },
      ['spec.secretTemplate.annotations["cert-manager.io/issuer-name"] ReservedKey'],
    ],
    [
      'cron of six fields, an hour that there is not, a word',
      { renewal: { windows: ['0 0 2 * * 6', '0 25 * * *', 'nightly'].map(opening) } },
      [0, 1, 2].map((index) => `spec.renewal.windows[${index}].cron InvalidCron`),
    ],
    [
      'a freeze in a zone that there is not, and one in an offset',
      { renewal: { freezes: ['Europe/Bonn', '+02:00'].map((timezone) => ({ ...opening('0 2 * * *'), timezone })) } },
      ['spec.renewal.freezes[0].timezone UnknownTimeZone', 'spec.renewal.freezes[1].timezone UnknownTimeZone'],
    ],
    [
      'a window shorter than the scan is frequent, and one that is no duration',
      { renewal: { windows: [{ ...opening('0 2 * * *'), windowDuration: '5m' }] } },
      ['spec.renewal.windows[0].windowDuration WindowTooShort'],
    ],
    [
      'a window that is no duration, and a policy that there is not',
      { renewal: { policy: 'Later', windows: [{ ...opening('0 2 * * *'), windowDuration: 'night' }] } },
      ['spec.renewal.policy InvalidValue', 'spec.renewal.windows[0].windowDuration InvalidValue'],
    ],
  ])('%s', (_, change, expected) => {
    expect(codes(change)).toEqual(expected);
  });

  test.each([
    'literalSubject',
    'otherNames',
    'keystores',
    'additionalOutputFormats',
    'nameConstraints',
    'signatureAlgorithm',
    'encodeUsagesInRequest',
  ])('%s is refused by name, with what to do', (member) => {
    const [error] = errorsOf(() => read({ [member]: {} }));
    expect(error).toMatchObject({ field: `spec.${member}`, code: 'UnsupportedField' });
    expect(error?.remedy).toMatch(/\w/);
  });

  test('a spec that is none', () => {
    expect(codesOf(() => readCertificateBody({ spec: [] }, ours))).toEqual(['spec WrongType']);
    expect(codesOf(() => readCertificateBody({ ...least }, ours))).toEqual([
      'spec MissingField',
      'dnsNames UnknownField',
      'issuerRef UnknownField',
    ]);
    expect(codesOf(() => readCertificateBody('hello', ours))).toEqual([' WrongType']);
  });

  test('a nest of lists that would exhaust the stack', () => {
    let nest: unknown = [];
    for (let i = 0; i < 10_000; i++) nest = [nest];
    expect(codes({ dnsNames: nest })).toEqual(['spec TooDeep']);
  });
});

describe('an unknown field is named with the nearest known one', () => {
  test.each([
    ['dnsName', 'dnsNames'],
    ['DNSNames', 'dnsNames'],
    ['commonname', 'commonName'],
    ['secretname', 'secretName'],
    ['renewbefore', 'renewBefore'],
    ['ipAdresses', 'ipAddresses'],
    ['ussages', 'usages'],
  ])('%s: %s', (written, meant) => {
    const [error] = errorsOf(() => read({ [written]: 'x' }));
    expect(error).toMatchObject({ field: `spec.${written}`, code: 'UnknownField', remedy: `write ${meant}` });
    expect(error?.message).toBe(`unknown field "${written}": did you mean "${meant}"?`);
  });

  test('also inside, and with the list of fields when nothing is near', () => {
    const [inside] = errorsOf(() => read({ destinations: [{ cluster: 'eu', nameSpace: 'a' }] }));
    expect(inside).toMatchObject({ field: 'spec.destinations[0].nameSpace', remedy: 'write namespace' });
    const [far] = errorsOf(() => read({ issuerRef: { name: 'ca', certificateAuthority: 'x' } }));
    expect(far?.remedy).toBe('known fields here: name, kind, group');
  });

  test('inherited members of objects are unknown as all others', () => {
    const input = JSON.parse('{"dnsNames":["a.test"],"issuerRef":{"name":"ca"},"constructor":1,"toString":2}');
    expect(codesOf(() => readCertificateSpec(input, ours))).toEqual([
      'spec.constructor UnknownField',
      'spec.toString UnknownField',
    ]);
  });
});

test('everything that is wrong is told at once, of shape and of rules', () => {
  const change = {
    dnsName: 'x',
    dnsNames: ['a_b.test', 'ok.test', '192.0.2.1'],
    duration: '30m',
    usages: 'server auth',
    issuerRef: { kind: 'Issuer' },
  };
  expect(codes(change)).toEqual([
    'spec.issuerRef.name MissingField',
    'spec.usages WrongType',
    'spec.dnsName UnknownField',
    'spec.dnsNames[0] UnderscoreInName',
    'spec.dnsNames[2] IpInDnsNames',
    'spec.duration DurationTooShort',
  ]);
});

test('the message tells the first ten problems, the errors all', () => {
  const dnsNames = Array.from({ length: 30 }, (_, i) => `a_${i}.test`);
  try {
    read({ dnsNames });
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ code: 'InvalidInput', errors: { length: 30 } });
    expect((error as Refusal).message).toMatch(/^spec\.dnsNames\[0\]: "a_0\.test" has an underscore.*; and 20 more$/);
  }
});

const host = fc.oneof(fc.domain(), fc.constantFrom('*.example.com', 'payments', 'Bücher.example', 'a.example.com'));
const durations = fc.oneof(
  fc.integer({ min: 1, max: 9000 }).map((h) => `${h}h`),
  fc.integer({ min: 3600, max: 99999 }).map((s) => `${s}.25s`),
  fc.constantFrom('1h30m', '2160h0m0s', '90m'),
);
const optional = { requiredKeys: [] };
const specs = fc.record(
  {
    commonName: fc.oneof(host, fc.string({ maxLength: 70 }), fc.constantFrom('192.0.2.1', 'Root CA', '')),
    subject: fc.record(
      { organizations: fc.array(fc.string({ minLength: 1 })), serialNumber: fc.constant('7') },
      optional,
    ),
    dnsNames: fc.array(host, { maxLength: 4 }),
    ipAddresses: fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { maxLength: 3 }),
    uris: fc.array(fc.webUrl(), { maxLength: 2 }),
    emailAddresses: fc.array(fc.emailAddress(), { maxLength: 2 }),
    secretName: fc.constantFrom('app-tls', 'a.b'),
    secretTemplate: fc.constantFrom({}, { labels: {} }, { annotations: { 'example.com/a': 'b' } }),
    duration: durations,
    renewBefore: durations,
    renewBeforePercentage: fc.integer({ min: 0, max: 100 }),
    privateKey: fc.record(
      {
        algorithm: fc.constantFrom('ECDSA', 'RSA', 'Ed25519'),
        size: fc.constantFrom(0, 256, 384, 521, 2048, 4096),
        encoding: fc.constantFrom('PKCS1', 'PKCS8'),
        rotationPolicy: fc.constantFrom('Always', 'Never'),
      },
      optional,
    ),
    usages: fc.array(fc.constantFrom(...Object.keys(USAGES)), { maxLength: 4 }),
    isCA: fc.boolean(),
    request: fc.constant('pem'),
    destinations: fc.array(
      fc.oneof(
        fc.record({ cluster: fc.constantFrom('eu', 'us'), adopt: fc.boolean() }),
        fc.record({ directory: fc.constantFrom('/a/b/', '/a', '//x') }),
        fc.record({ kind: fc.constant('secretsManager'), name: fc.constantFrom(undefined, 'a', 'b-{uid}') }),
      ),
      { maxLength: 2 },
    ),
  },
  optional,
);
const contexts = fc.constantFrom(ours, theirs);

describe('for any input', () => {
  test('a normal spec, read again with the defaults of either, stays as it is', () => {
    let taken = 0;
    fc.assert(
      fc.property(specs, contexts, (input, context) => {
        let spec: unknown;
        try {
          spec = readCertificateSpec({ issuerRef: { name: 'ca' }, ...input }, context);
        } catch (error) {
          if (error instanceof Refusal) return;
          throw error;
        }
        taken++;
        const stored = JSON.parse(JSON.stringify(spec));
        expect(readCertificateSpec(stored, ours)).toEqual(spec);
        expect(readCertificateSpec(stored, theirs)).toEqual(spec);
      }),
      { numRuns: 400 },
    );
    expect(taken).toBeGreaterThan(20);
  });

  test('the answer is a spec or a Refusal', () => {
    const members = Object.keys(read({}));
    const almost = fc.dictionary(fc.constantFrom(...members, 'commonName', 'request', '__proto__'), fc.anything());
    const any = fc.oneof(
      fc.anything(),
      almost,
      fc.tuple(specs, almost).map(([a, b]) => ({ ...a, ...b })),
    );
    fc.assert(
      fc.property(any, (input) => {
        try {
          readCertificateSpec(input, ours);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
        }
      }),
      { numRuns: 400 },
    );
  });
});
