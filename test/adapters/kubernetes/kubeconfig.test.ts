import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseKubeconfig } from '../../../lib/adapters/kubernetes/kubeconfig.ts';
import { Refusal } from '../../../lib/domain/refusal.ts';
import { type KeyAndCertificate, makeAuthority } from '../../support/authority.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

let ca: string;
let client: KeyAndCertificate;
let stranger: KeyAndCertificate;

beforeAll(async () => {
  const authority = await makeAuthority('kubeconfig-test');
  ca = authority.certPem;
  client = await authority.issue({ subject: 'CN=chancery', usage: 'client' });
  stranger = await authority.issue({ subject: 'CN=stranger', usage: 'client' });
});

interface Parts {
  readonly cluster?: Record<string, unknown>;
  readonly user?: Record<string, unknown>;
  readonly more?: Record<string, unknown>;
}

/** A kubeconfig as JSON, which is YAML; undefined members vanish. */
function kubeconfig({ cluster = {}, user = { token: 'a-token' }, more = {} }: Parts = {}): string {
  const entry = { server: 'https://k8s.example.test:6443', 'certificate-authority-data': base64(ca), ...cluster };
  return JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'two',
      contexts: [
        { name: 'one', context: { cluster: 'elsewhere', user: 'nobody' } },
        { name: 'two', context: { cluster: 'here', user: 'me', namespace: 'web' } },
      ],
      clusters: [
        { name: 'elsewhere', cluster: { server: 'http://old' } },
        { name: 'here', cluster: entry },
      ],
      users: [
        { name: 'nobody', user: { exec: { command: 'sh' } } },
        { name: 'me', user },
      ],
      ...more,
    },
    undefined,
    2,
  );
}

function refusalOf(yaml: string): Refusal {
  try {
    parseKubeconfig(yaml);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('the kubeconfig was taken');
}

describe('parseKubeconfig', () => {
  it("takes the current context's server, CA and token, and looks at no other entry", () => {
    expect(parseKubeconfig(kubeconfig())).toEqual({ server: 'https://k8s.example.test:6443', ca, token: 'a-token' });
  });

  it('takes a client certificate with its key', () => {
    const user = { 'client-certificate-data': base64(client.certPem), 'client-key-data': base64(client.keyPem) };
    expect(parseKubeconfig(kubeconfig({ user }))).toEqual({
      server: 'https://k8s.example.test:6443',
      ca,
      clientCertificate: client.certPem,
      clientKey: client.keyPem,
    });
  });

  it('keeps the path of a server behind a gateway', () => {
    const cluster = { server: 'https://gateway.example.test/k8s/clusters/c-1/' };
    expect(parseKubeconfig(kubeconfig({ cluster })).server).toBe('https://gateway.example.test/k8s/clusters/c-1');
  });

  it.each([
    ['cluster', 'certificate-authority', '/etc/ca.pem'],
    ['cluster', 'insecure-skip-tls-verify', true],
    ['cluster', 'proxy-url', 'http://proxy:3128'],
    ['user', 'exec', { command: 'aws' }],
    ['user', 'auth-provider', { name: 'oidc' }],
    ['user', 'client-certificate', '/etc/client.pem'],
    ['user', 'client-key', '/etc/client-key.pem'],
    ['user', 'tokenFile', '/run/token'],
  ])('refuses the %s field %s by its name', (of, name, value) => {
    const refusal = refusalOf(kubeconfig({ [of]: { token: 'a-token', [name]: value } }));
    expect(refusal).toMatchObject({ code: 'KubeconfigNotInline', field: `${of}s[1].${of}.${name}` });
  });

  it('does not mind a check of TLS that is not skipped', () => {
    expect(parseKubeconfig(kubeconfig({ cluster: { 'insecure-skip-tls-verify': false } }))).toHaveProperty('token');
  });

  it.each<[string, string, Parts]>([
    [
      'no CA',
      'clusters[1].cluster.certificate-authority-data',
      { cluster: { 'certificate-authority-data': undefined } },
    ],
    [
      'a CA that is not base64',
      'clusters[1].cluster.certificate-authority-data',
      { cluster: { 'certificate-authority-data': '***' } },
    ],
    [
      'a CA that is no certificate',
      'clusters[1].cluster.certificate-authority-data',
      { cluster: { 'certificate-authority-data': 'QUFB' } },
    ],
    ['a server without TLS', 'clusters[1].cluster.server', { cluster: { server: 'http://k8s.example.test' } }],
    ['a server with a password', 'clusters[1].cluster.server', { cluster: { server: 'https://a:b@k8s.example.test' } }],
    ['another server name for TLS', 'clusters[1].cluster.tls-server-name', { cluster: { 'tls-server-name': 'x' } }],
    ['no credential', 'users[1].user', { user: {} }],
    ['a certificate without its key', 'users[1].user.client-key-data', { user: { 'client-certificate-data': 'QUFB' } }],
    ['a token with a line break', 'users[1].user.token', { user: { token: 'a\r\nx: y' } }],
    ['a token that is a number', 'users[1].user.token', { user: { token: 7 } }],
    ['impersonation', 'users[1].user.as', { user: { token: 'x', as: 'root' } }],
    ['a context that is not there', 'contexts', { more: { 'current-context': 'three' } }],
    ['no current context', 'current-context', { more: { 'current-context': undefined } }],
    ['no clusters', 'clusters', { more: { clusters: undefined } }],
  ])('refuses %s and says where', (_, field, parts) => {
    expect(refusalOf(kubeconfig(parts))).toMatchObject({ code: 'KubeconfigInvalid', field });
  });

  it('refuses a key that is not of its certificate', () => {
    const user = { 'client-certificate-data': base64(client.certPem), 'client-key-data': base64(stranger.keyPem) };
    expect(refusalOf(kubeconfig({ user }))).toMatchObject({
      code: 'KubeconfigInvalid',
      field: 'users[1].user.client-key-data',
    });
  });

  it('says the line of a wrong value, and of YAML that does not parse', () => {
    expect(refusalOf(kubeconfig({ user: { token: 7 } })).message).toMatch(/\(line 4\d\)/);
    expect(refusalOf('apiVersion: v1\nkind: Config\nusers: [').message).toContain('line 3');
    expect(refusalOf('a: 1\na: 2')).toMatchObject({
      code: 'KubeconfigInvalid',
      message: expect.stringContaining('line 2'),
    });
  });

  it.each([
    ['nothing', ''],
    ['a scalar', 'hello'],
    ['a list', '- a'],
    ['a thousand laughs', `a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c,*c]`],
    ['deep nesting', '['.repeat(60_000)],
    ['an alias of nothing', 'a: *b'],
    ['256 KiB and more', `a: ${'x'.repeat(256 * 1024)}`],
  ])('refuses %s', (_, yaml) => {
    expect(refusalOf(yaml).code).toBe('KubeconfigInvalid');
  });

  it('throws nothing but refusals, and never says a word of the file', () => {
    const word = 'Pr1vateWord';
    const leaf = fc.constantFrom(
      word,
      `"${word}`,
      `*${word}`,
      `&${word}`,
      `!!${word}`,
      `{${word}`,
      '[',
      ': ',
      `${word}: [`,
      '\t',
    );
    const line = fc.tuple(fc.constantFrom('current-context', 'users', 'clusters', 'token', '- name', '  user'), leaf);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const refusal = refusalOf(lines.map(([key, value]) => `${key}: ${value}`).join('\n'));
        expect(`${refusal.message} ${refusal.field}`).not.toContain(word);
      }),
    );
  });
});
