import { describe, expect, test } from 'vitest';
import { readCertificateBody, readCertificateSpec } from '../../../lib/application/schema/read.ts';
import type { Refusal } from '../../../lib/domain/refusal.ts';
import { codesOf, errorsOf } from './errorsOf.ts';
import { codes, least, ours, read } from './readSpec.ts';

const opening = (cron: string) => ({ cron, windowDuration: '2h' });

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
