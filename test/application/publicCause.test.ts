import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { adviceFor } from '../../lib/application/advice.ts';
import { publicCause, publicCauses, publicText } from '../../lib/application/publicCause.ts';
import { sourceOf } from '../docs/sources.ts';

describe('foreign text, as tenants read it', () => {
  const word = randomBytes(32).toString('base64url');

  test.each([
    [
      `http://app.example.test/.well-known/acme-challenge/${word}: 404`,
      'http://app.example.test/.well-known/acme-challenge/<token>: 404',
    ],
    [`expected "${word}.${word}" got ""`, 'expected "<token>" got ""'],
    [`found ${word}.`, 'found <token>.'],
    ['at https://ca.example/acme/authz/1/2 it failed', 'at <url> it failed'],
    ['order https://ca.example/my-order/x9', 'order <url>'],
  ])('%j loses what is not theirs', (text, expected) => {
    expect(publicText(text)).toBe(expected);
  });

  test.each([
    'see https://letsencrypt.org/docs/rate-limits/#new-certificates',
    'no answer from a-very-long-host-name-of-a-service.production.example.test',
    'too many certificates (5) already issued for "example.org" in the last 168h0m0s, retry after 2026-01-02 15:04:05 UTC',
    'CAA record for *.xn--bcher-kva.example prevents issuance',
    'The credential may not patch secrets in namespace web of cluster prod: grant it that verb.',
  ])('%j stays as it is', (text) => {
    expect(publicText(text)).toBe(text);
  });

  test('is not endless', () => {
    expect(publicText('too long '.repeat(1000)).length).toBeLessThan(600);
  });

  test('takes no time to speak of, whatever it is', () => {
    for (const text of [
      'a'.repeat(1e5),
      'A.'.repeat(1e5),
      'https://'.repeat(2e4),
      `https://a${'/order'.repeat(2e4)}`,
    ]) {
      expect(publicText(text).length).toBeLessThan(600);
    }
  });

  test('of subproblems is told name by name', () => {
    const identifier = { type: 'dns', value: 'a.example.test' } as const;
    const problem = { type: 'compound', detail: 'errors', subproblems: [{ type: 'caa', detail: 'no', identifier }] };
    expect(publicCause(problem)).toMatchObject({ code: 'compound', detail: 'errors' });
    expect(publicCauses(problem)).toMatchObject([
      { code: 'caa', detail: 'no', identifier: 'a.example.test', remedy: expect.stringContaining('CAA') },
    ]);
  });
});

describe('what to do', () => {
  const general = new Set(
    (['now', 'atTime', 'backoff', 'person', 'configuration', 'infrastructure'] as const).map((kind) =>
      adviceFor('-', kind),
    ),
  );
  const codesIn = (pattern: RegExp, ...paths: readonly string[]) => [
    ...new Set([...sourceOf(...paths).matchAll(pattern)].map(([, code]) => code!)),
  ];

  test.each([
    [
      'problem types',
      codesIn(/^ {2}([a-z]\w+): '(?:now|atTime|backoff|person|configuration)',$/gm, 'lib/domain/problem.ts'),
    ],
    ['DNS', codesIn(/new DnsError\(\s*'(\w+)'/g, 'lib/adapters/dns')],
    ['Route 53', codesIn(/new DnsError\(\s*'(\w+)'/g, 'lib/adapters/route53')],
    ['AWS', codesIn(/(?:refused|failed)\((?:'\w+', )?\s*'([A-Z]\w+)'/g, 'lib/adapters/secretsManager')],
    ['DNS response codes', codesIn(/'(Dns\w+)'/g, 'lib/adapters/dns/rcode.ts')],
    ['clusters', codesIn(/(?:refused|failed)\((?:'\w+', )?\s*'([A-Z]\w+)'/g, 'lib/adapters/kubernetes')],
    ['directories', codesIn(/Refusal\(\s*'(\w+)'/g, 'lib/adapters/directory')],
    ['CAs of our own', codesIn(/Refusal\(\s*'(\w+)'/g, 'lib/application/issuers/ca.ts')],
    ['waiting', codesIn(/waitOrDefer\([^)]*'(\w+)'/g, 'lib/application/issuance')],
  ])('is said for every cause of %s', (_, codes) => {
    expect(codes.length).toBeGreaterThan(1);
    expect(codes.filter((code) => general.has(adviceFor(code)))).toEqual([]);
  });

  test('is said by the class for causes that nobody foresaw', () => {
    expect(general.has(adviceFor('neverHeardOf', 'person'))).toBe(true);
  });
});

describe('a name that the CA has paused', () => {
  const jwt = `${'a'.repeat(40)}.${'B1_-'.repeat(60)}.${'c'.repeat(43)}`;
  const link = `https://portal.letsencrypt.org/sfe/v1/unpause?jwt=${jwt}`;
  const words = 'Your account is temporarily prevented from requesting certificates for app.example.test';

  test('is told with the whole link that ends the pause, and that it is to be opened', () => {
    const cause = publicCause({ type: 'rateLimited', detail: `${words}. Please visit: ${link}` }, 'person');
    expect(cause.detail).toBe(`${words}. Please visit: ${link}`);
    expect(cause.remedy).toMatch(/open the link in the detail, and end the pause there/);
    expect(publicCause({ type: 'rateLimited', detail: 'slow down' }, 'atTime').remedy).toMatch(/^Wait/);
  });

  test('is told without the tokens around the link', () => {
    const token = 'Q'.repeat(43);
    expect(publicText(`${token} ${link} ${token}`)).toBe(`<token> ${link} <token>`);
    expect(publicText(`https://ca.example.test/pause?jwt=${token}`)).not.toContain(token);
  });
});
