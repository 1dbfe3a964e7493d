import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCertificateSpec } from '../../../lib/application/schema/read.ts';
import { Refusal } from '../../../lib/domain/refusal.ts';
import { USAGES } from '../../../lib/domain/usages.ts';
import { ours, read, theirs } from './readSpec.ts';

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
