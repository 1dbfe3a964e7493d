import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { identifiersOf } from '../../lib/domain/identifier.ts';
import { nameAllowed, normalizeNamePattern } from '../../lib/domain/namePolicy.ts';
import {
  allowsDestination,
  checkPolicy,
  defaultPolicy,
  KEY_KINDS,
  policyOf,
  type TeamPolicy,
} from '../../lib/domain/policy.ts';
import { Refusal } from '../../lib/domain/refusal.ts';
import type { CertificateSpec } from '../../lib/domain/spec.ts';

const spec: CertificateSpec = {
  dnsNames: ['app.example.com'],
  ipAddresses: [],
  uris: [],
  emailAddresses: [],
  issuerRef: { name: 'ca', kind: 'ClusterIssuer' },
  secretName: 'app',
  duration: '2160h',
  privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS1', rotationPolicy: 'Always' },
  usages: ['digital signature'],
  isCA: false,
  destinations: [{ kind: 'kubernetes', cluster: 'prod', namespace: 'payments', secretName: 'app' }],
};

const policy: TeamPolicy = {
  names: ['*.example.com', '10.0.0.0/8', 'spiffe://example.com/**', '*@example.com', 'CN=Team * CA'],
  issuers: ['ClusterIssuer/ca', 'own-*'],
  destinations: ['*/payments/*', 'directory:/etc/tls/**'],
  keys: ['ECDSA-256', 'Ed25519'],
  maxDuration: '2160h',
  quota: 3,
};

const few = { certificateCount: 0, isNew: true };

function refusalOf(change: Partial<CertificateSpec>, context = few, by: Partial<TeamPolicy> = {}): Refusal {
  try {
    checkPolicy({ ...policy, ...by }, { ...spec, ...change }, context);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('was allowed');
}

test('a spec within its policy passes', () => {
  const uris = ['spiffe://example.com/ns/app'];
  const change = { uris, ipAddresses: ['10.1.2.3'], emailAddresses: ['team@example.com'], commonName: 'Team Blue CA' };
  expect(() => checkPolicy(policy, { ...spec, ...change }, few)).not.toThrow();
});

describe('a spec beyond its policy is refused, with code and place:', () => {
  test.each<[string, Partial<CertificateSpec>, string, string]>([
    ['a foreign name', { dnsNames: ['app.example.com', 'example.org'] }, 'NameNotAllowed', 'spec.dnsNames[1]'],
    ['the domain itself', { dnsNames: ['example.com'] }, 'NameNotAllowed', 'spec.dnsNames[0]'],
    ['a name two labels below', { dnsNames: ['a.b.example.com'] }, 'NameNotAllowed', 'spec.dnsNames[0]'],
    ['a wildcard one label further down', { dnsNames: ['*.b.example.com'] }, 'NameNotAllowed', 'spec.dnsNames[0]'],
    ['a foreign address', { ipAddresses: ['192.0.2.1'] }, 'NameNotAllowed', 'spec.ipAddresses[0]'],
    ['a foreign URI', { uris: ['spiffe://example.org/x'] }, 'NameNotAllowed', 'spec.uris[0]'],
    ['a foreign mail address', { emailAddresses: ['a@example.org'] }, 'NameNotAllowed', 'spec.emailAddresses[0]'],
    ['a common name of another host', { commonName: 'www.example.org' }, 'NameNotAllowed', 'spec.commonName'],
    ['a common name that makes an administrator', { commonName: 'system:admin' }, 'NameNotAllowed', 'spec.commonName'],
    [
      'another shared issuer',
      { issuerRef: { name: 'x', kind: 'ClusterIssuer' } },
      'IssuerNotAllowed',
      'spec.issuerRef',
    ],
    [
      'an own issuer of the same name',
      { issuerRef: { name: 'ca', kind: 'Issuer' } },
      'IssuerNotAllowed',
      'spec.issuerRef',
    ],
    ['a CA by a shared issuer', { isCA: true }, 'CaNotAllowed', 'spec.isCA'],
    [
      'another namespace',
      { destinations: [{ kind: 'kubernetes', cluster: 'prod', namespace: 'kube-system', secretName: 'app' }] },
      'DestinationNotAllowed',
      'spec.destinations[0]',
    ],
    [
      'another directory',
      { destinations: [...spec.destinations, { kind: 'directory', path: '/etc/tls-other' }] },
      'DestinationNotAllowed',
      'spec.destinations[1]',
    ],
    [
      'another kind of key',
      { privateKey: { ...spec.privateKey, algorithm: 'RSA', size: 2048 } },
      'KeyNotAllowed',
      'spec.privateKey',
    ],
    ['a longer life', { duration: '2161h' }, 'DurationNotAllowed', 'spec.duration'],
  ])('%s', (_, change, code, field) => {
    expect(refusalOf(change)).toMatchObject({ code, field });
  });

  test('one certificate too many, but not a change of one that is there', () => {
    expect(refusalOf({}, { certificateCount: 3, isNew: true }).code).toBe('QuotaReached');
    expect(() => checkPolicy(policy, spec, { certificateCount: 2, isNew: true })).not.toThrow();
    expect(() => checkPolicy(policy, spec, { certificateCount: 3, isNew: false })).not.toThrow();
  });
});

test('a refusal names all foreign names and what is allowed', () => {
  const { message, remedy } = refusalOf({ dnsNames: ['a.example.org', 'b.example.org'] });
  expect(message).toBe('"a.example.org", "b.example.org" are not names of the team');
  expect(remedy).toContain('*.example.com, 10.0.0.0/8');
  expect(refusalOf({}, few, { names: [] }).remedy).toContain('allowed: nothing');
});

test("a team's own issuer may sign a CA and any common name that is no host", () => {
  const own = {
    ...spec,
    isCA: true,
    commonName: 'Root of all',
    dnsNames: [],
    issuerRef: { name: 'own-1', kind: 'Issuer' },
  } as const;
  expect(() => checkPolicy(policy, own, few)).not.toThrow();
  const allowed = { ...spec, isCA: true };
  expect(() => checkPolicy({ ...policy, isCA: true }, allowed, few)).not.toThrow();
});

test('in CSR mode the spec has no key to judge', () => {
  const change = { request: 'pem', privateKey: { ...spec.privateKey, algorithm: 'RSA', size: 2048 } } as const;
  expect(() => checkPolicy(policy, { ...spec, ...change }, few)).not.toThrow();
});

describe('a directory is allowed by directory patterns alone', () => {
  test.each([['*/*/*'], ['**'], ['*/**']])('not by %s', (pattern) => {
    const destinations = [{ kind: 'directory', path: '/a/b' }] as const;
    expect(refusalOf({ destinations }, few, { destinations: [pattern] }).code).toBe('DestinationNotAllowed');
  });
});

describe('a secret of AWS is allowed by patterns of its own alone', () => {
  const name = 'chancery/payments/app-{uid}';
  const roleArn = 'arn:aws:iam::111122223333:role/chancery';
  const allowed = (pattern: string, more: object = {}) =>
    allowsDestination({ ...policy, destinations: [pattern] }, { kind: 'secretsManager', name, ...more });

  test.each(['**', '*/*/*', 'directory:**', 'secretsManager:*', 'secretsManager:chancery/shop/*'])(
    'not by %s',
    (pattern) => {
      expect(allowed(pattern)).toBe(false);
    },
  );

  test.each(['secretsManager:**', 'secretsManager:chancery/payments/*'])('by %s', (pattern) => {
    expect(allowed(pattern)).toBe(true);
  });

  test('a role needs a pattern that names it: whoever may write here may not yet write elsewhere', () => {
    expect(allowed('secretsManager:chancery/payments/*', { roleArn })).toBe(false);
    expect(allowed(`secretsManager:${roleArn}/chancery/payments/*`, { roleArn })).toBe(true);
    expect(allowed(`secretsManager:${roleArn}/chancery/payments/*`)).toBe(false);
  });
});

describe('a pattern for names', () => {
  test.each([
    ['app.example.com', 'app.example.com', true],
    ['app.example.com', '*.example.com', false],
    ['*.example.com', 'app.example.com', true],
    ['*.example.com', '*.example.com', true],
    ['*.example.com', '.example.com', false],
    ['*.example.com', 'app.badexample.com', false],
    ['**.example.com', 'example.com', true],
    ['**.example.com', 'a.b.example.com', true],
    ['**.example.com', '*.a.b.example.com', true],
    ['**.example.com', '*.example.com', true],
    ['**.example.com', 'badexample.com', false],
    ['**.a.example.com', '*.example.com', false],
    ['**', '*.anything.at.all', true],
    ['CN=**', 'app.example.com', false],
    ['*@example.com', 'example.com', false],
  ])('%s on %s: %s', (pattern, value, allowed) => {
    expect(nameAllowed(pattern, { kind: 'dns', value, field: '' })).toBe(allowed);
  });

  test('covers a wildcard exactly when it covers every name that the wildcard can match', () => {
    const label = fc.constantFrom('a', 'b', 'c1');
    const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => `${labels.join('.')}.example`);
    const pattern = fc.tuple(fc.constantFrom('', '*.', '**.'), name).map(([prefix, rest]) => prefix + rest);
    const covers = (by: string, value: string) => nameAllowed(by, { kind: 'dns', value, field: '' });
    fc.assert(
      fc.property(pattern, name, (by, base) => {
        const below = ['a', 'b', 'c1', 'in-no-pattern'].map((one) => `${one}.${base}`);
        expect(covers(by, `*.${base}`)).toBe(below.every((value) => covers(by, value)));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['**.Bücher.example', '**.xn--bcher-kva.example'],
    ['*.Example.com', '*.example.com'],
    ['**', '**'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['CN=system:node:*', 'CN=system:node:*'],
  ])('%s is kept as %s', (text, normal) => {
    expect(normalizeNamePattern(text, 'policy.names[0]')).toBe(normal);
  });

  test.each([
    ['a.*.example.com', 'InvalidPattern'],
    ['*.*.example.com', 'InvalidPattern'],
    ['*', 'InvalidPattern'],
    ['my_app.example.com', 'UnderscoreInName'],
    ['*.', 'EmptyName'],
  ])('%s is refused: %s', (text, code) => {
    const field = 'policy.names[0]';
    expect(() => normalizeNamePattern(text, field)).toThrow(expect.objectContaining({ code, field }));
  });
});

describe('the default policy', () => {
  test('lets a first try work', () => {
    const first = { ...spec, dnsNames: ['app.example.test', '*.example.test'] };
    expect(() => checkPolicy(policyOf('payments'), first, few)).not.toThrow();
  });

  test('lets no team speak for a real name or write into the namespace of another', () => {
    expect(refusalOf({}, few, policyOf('payments')).code).toBe('NameNotAllowed');
    const dnsNames = ['app.test'];
    expect(refusalOf({ dnsNames }, few, policyOf('other')).code).toBe('DestinationNotAllowed');
    expect(refusalOf({ dnsNames }, few, defaultPolicy).code).toBe('DestinationNotAllowed');
  });

  test('allows every kind of key, and gives way member by member', () => {
    expect(policyOf('payments', { quota: 5 })).toMatchObject({
      quota: 5,
      keys: KEY_KINDS,
      destinations: ['*/payments/*', 'secretsManager:chancery/payments/*'],
    });
  });
});

test('what a CA validates is the DNS names and then the addresses', () => {
  expect(identifiersOf({ dnsNames: ['*.example.com'], ipAddresses: ['::1'] })).toEqual([
    { type: 'dns', value: '*.example.com' },
    { type: 'ip', value: '::1' },
  ]);
});
