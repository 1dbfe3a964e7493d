import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { certificateBody, certificateSpec } from '../../../lib/application/schema/certificate.ts';
import { nearest } from '../../../lib/application/schema/closed.ts';
import { clusterBody } from '../../../lib/application/schema/cluster.ts';
import { checkName, labelName, subdomainName } from '../../../lib/application/schema/common.ts';
import { credentialBody } from '../../../lib/application/schema/credential.ts';
import { issuerBody } from '../../../lib/application/schema/issuer.ts';
import { parse } from '../../../lib/application/schema/parse.ts';
import { problem } from '../../../lib/application/schema/problem.ts';
import { normalizeTeamPolicy, teamBody } from '../../../lib/application/schema/team.ts';
import { tokenBody } from '../../../lib/application/schema/token.ts';
import { KEY_KINDS } from '../../../lib/domain/policy.ts';
import { codesOf, errorsOf } from './errorsOf.ts';

describe('a team', () => {
  test('that says nothing has the default policy with its own namespace', () => {
    expect(normalizeTeamPolicy(parse(teamBody, {}).policy ?? {}, { team: 'payments' })).toEqual({
      names: ['**.test', '**.example', '**.localhost'],
      issuers: ['*'],
      destinations: ['*/payments/*', 'secretsManager:chancery/payments/*'],
      keys: [...KEY_KINDS],
      quota: 1000,
    });
  });

  test('has what it says, its names normal, and keeps it when written again', () => {
    const policy = {
      names: ['**.Bücher.example'],
      destinations: ['*/{team}/*', 'secretsManager:chancery/{team}/*'],
      issuers: [],
      maxDuration: '24h',
      isCA: true,
    };
    const normal = normalizeTeamPolicy(parse(teamBody, { policy }).policy!, { team: 'payments' });
    expect(normal).toMatchObject({
      names: ['**.xn--bcher-kva.example'],
      destinations: ['*/payments/*', 'secretsManager:chancery/payments/*'],
      issuers: [],
    });
    expect(normalizeTeamPolicy(parse(teamBody, { policy: normal }).policy!, { team: 'payments' })).toEqual(normal);
  });

  test('is told everything that is wrong with its policy', () => {
    const policy = {
      names: ['*', 'a_b'],
      issuers: ['x/y'],
      destinations: ['payments', 'directory:tls', 'secretsManager:'],
      maxDuration: '1m',
    };
    expect(codesOf(() => normalizeTeamPolicy(parse(teamBody, { policy }).policy!, { team: 'a' }))).toEqual([
      'policy.names[0] InvalidPattern',
      'policy.names[1] UnderscoreInName',
      'policy.issuers[0] InvalidPattern',
      'policy.destinations[0] InvalidPattern',
      'policy.destinations[1] InvalidPattern',
      'policy.destinations[2] InvalidPattern',
      'policy.maxDuration DurationTooShort',
    ]);
    expect(codesOf(() => parse(teamBody, { policy: { name: [], quota: -1, keys: ['RSA-1024'] } }))).toEqual([
      'policy.keys[0] InvalidValue',
      'policy.quota InvalidValue',
      'policy.name UnknownField',
    ]);
  });
});

describe('a token', () => {
  test('is asked for with team, verbs and how long', () => {
    const input = { team: '*', verbs: ['read', 'key'], expiresIn: '24h', description: 'for the pipeline' };
    expect(parse(tokenBody, input)).toEqual(input);
  });

  test.each<[string, object, string[]]>([
    ['without anything', {}, ['team MissingField', 'verbs MissingField', 'expiresIn MissingField']],
    ['for ever', { team: 'a', verbs: ['read'], expiresIn: '8761h' }, ['expiresIn InvalidValue']],
    ['for a moment', { team: 'a', verbs: ['read'], expiresIn: '59s' }, ['expiresIn InvalidValue']],
    ['for nothing', { team: 'a', verbs: [], expiresIn: '1h' }, ['verbs InvalidValue']],
    ['for an unknown verb', { team: 'a', verbs: ['reed'], expiresIn: '1h' }, ['verbs[0] InvalidValue']],
    ['for no team', { team: 'A b', verbs: ['read'], expiresIn: '1h' }, ['team InvalidValue']],
  ])('%s is not given', (_, input, expected) => {
    expect(codesOf(() => parse(tokenBody, input))).toEqual(expected);
  });
});

describe('a credential', () => {
  test('is plain text by key', () => {
    const data = { 'tsig.key': randomBytes(16).toString('hex') };
    expect(parse(credentialBody, { data })).toEqual({ data });
  });

  test.each<[string, object, string[]]>([
    ['empty', { data: {} }, ['data InvalidValue']],
    ['with a strange key', { data: { 'a/b': 'x' } }, ['data["a/b"] InvalidValue']],
    ['too large', { data: { a: 'x'.repeat(40_000), b: 'x'.repeat(40_000) } }, ['data InvalidValue']],
    ['of another kind', { kind: 'kubernetes.io/tls', data: { a: 'x' } }, ['kind InvalidValue']],
  ])('%s is refused', (_, input, expected) => {
    expect(codesOf(() => parse(credentialBody, input))).toEqual(expected);
  });

  test('is repeated in no error', () => {
    const secret = randomBytes(16).toString('hex');
    const inputs = [
      { data: secret },
      { data: [secret] },
      { data: { a: { b: secret } } },
      { kind: secret, data: {} },
      { data: { a: '' }, value: secret },
    ];
    for (const input of inputs) {
      expect(JSON.stringify(errorsOf(() => parse(credentialBody, input)))).not.toContain(secret);
    }
  });
});

describe('a cluster', () => {
  const ca = `-----BEGIN ${'CERTIFICATE'}-----`;
  const server = 'https://127.0.0.1:6443';
  test.each<[string, object]>([
    ['by kubeconfig', { kubeconfig: 'apiVersion: v1' }],
    ['by token', { server, ca, token: 'x' }],
    ['as a cluster of EKS', { server, ca, eks: { name: 'prod-1', region: 'eu-central-1' } }],
    ['by client certificate', { server, ca, clientCertificate: ca, clientKey: `-----BEGIN ${'PRIVATE KEY'}-----` }],
  ])('is registered %s', (_, input) => {
    expect(parse(clusterBody, input)).toEqual(input);
  });

  test.each<[string, object, string[]]>([
    ['nothing', {}, [' ClusterAccessUnclear']],
    ['no way in', { server, ca }, [' ClusterAccessUnclear']],
    ['two ways in', { kubeconfig: 'x', token: 'x' }, [' ClusterAccessUnclear']],
    ['EKS and a token', { server, ca, token: 'x', eks: { name: 'a', region: 'b' } }, [' ClusterAccessUnclear']],
    ['no name in EKS', { server, ca, eks: { name: '-a', region: 'eu-west-1' } }, ['eks.name InvalidValue']],
    ['a CA that is a path', { server, ca: '/etc/ca.pem', token: 'x' }, ['ca InvalidValue']],
    ['a server in the clear', { server: 'http://a', ca, token: 'x' }, ['server InvalidValue']],
  ])('is refused with %s', (_, input, expected) => {
    expect(codesOf(() => parse(clusterBody, input))).toEqual(expect.arrayContaining(expected));
  });
});

describe('every schema', () => {
  const schemas = { certificateBody, issuerBody, teamBody, tokenBody, credentialBody, clusterBody, problem };

  test.each(Object.entries(schemas))('%s makes a JSON schema that says what each member is', (_, schema) => {
    const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'throw' });
    expect(json.type).toBe('object');
    expect(Object.keys(json.properties ?? {})).not.toEqual([]);
  });

  test('refuses what it does not know', () => {
    for (const schema of [certificateBody, issuerBody, teamBody, tokenBody, credentialBody, clusterBody]) {
      expect(z.toJSONSchema(schema).additionalProperties).toBe(false);
    }
  });

  test('describes the members of a certificate', () => {
    const { properties = {} } = z.toJSONSchema(certificateSpec);
    const silent = Object.entries(properties).filter(([, member]) => {
      const { description, properties: inner } = member as { description?: string; properties?: unknown };
      return !description && !inner;
    });
    expect(silent).toEqual([]);
  });
});

describe('a name outside a body', () => {
  test.each([
    [labelName, 'payments', true],
    [labelName, 'a'.repeat(63), true],
    [labelName, 'a'.repeat(64), false],
    [labelName, 'a.b', false],
    [labelName, '-', false],
    [labelName, '..', false],
    [labelName, '', false],
    [subdomainName, 'app.v1', true],
    [subdomainName, 'App', false],
    [subdomainName, 'a..b', false],
    [subdomainName, 'a/b', false],
  ])('%# %s is taken: %s', (schema, name, taken) => {
    const check = () => checkName(schema, name, 'team');
    if (taken) expect(check()).toBe(name);
    else expect(check).toThrow(expect.objectContaining({ code: 'InvalidName', field: 'team' }));
  });
});

test.each([
  ['dnsNmaes', 'dnsNames'],
  ['nmae', 'name'],
  ['xyz', undefined],
  ['x', undefined],
  ['', undefined],
  ['d'.repeat(10_000), undefined],
])('the word nearest to %.12s is %s', (written, word) => {
  expect(nearest(written, ['dnsNames', 'name', 'kind', 'ca'])).toBe(word);
});
