import { describe, expect, it } from 'vitest';
import { alternateUrls, chainPem } from '../../../lib/adapters/acme/chain.ts';
import { directoryCache, directoryOf } from '../../../lib/adapters/acme/directory.ts';
import { MalformedAnswer } from '../../../lib/adapters/acme/reader.ts';
import { retryAfterSeconds } from '../../../lib/adapters/acme/retryAfter.ts';
import { makeAuthority } from '../../support/authority.ts';

describe('Retry-After', () => {
  const now = Date.parse('1994-11-06T08:49:00Z');
  it.each([
    ['120', 120],
    ['0', 0],
    [' 7 ', 7],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 37],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 37],
    ['Sun Nov  6 08:49:37 1994', 37],
    ['Sun, 06 Nov 1994 08:00:00 GMT', 0],
    ['999999999999', 366 * 86_400],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 366 * 86_400],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['tomorrow 5', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s is %s seconds', (header, seconds) => {
    expect(retryAfterSeconds(header, now)).toBe(seconds);
  });
});

describe('a chain', () => {
  it('comes out in one form, whatever its line ends', async () => {
    const [one, two] = [(await makeAuthority('one')).certPem, (await makeAuthority('two')).certPem];
    expect(chainPem(`\n${one}\n\n${two}`.replaceAll('\n', '\r\n'))).toBe(`${one}${two}`);
  });

  it.each([
    '',
    'hello',
    '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    '-----BEGIN CERTIFICATE-----\nMAMCAQEA\n-----END CERTIFICATE-----\n',
  ])('that is %j is refused', (text) => {
    expect(() => chainPem(text)).toThrow(MalformedAnswer);
  });

  it('with anything beside certificates is refused (RFC 8555 11.4)', async () => {
    const { certPem } = await makeAuthority('one');
    expect(() => chainPem(`${certPem}comment\n`)).toThrow(MalformedAnswer);
    expect(() => chainPem(`comment\n${certPem}`)).toThrow(MalformedAnswer);
  });
});

describe('alternate chains', () => {
  const base = 'https://ca.example.test/cert/1';
  it.each([
    [undefined, []],
    ['<https://ca.example.test/dir>;rel="index"', []],
    ['<https://ca.example.test/dir>;rel="index", <https://ca.example.test/cert/1/1>;rel="alternate"', ['/cert/1/1']],
    ['</a>; title="x, y"; rel=alternate, <b>; rel="up alternate"', ['/a', '/cert/b']],
    ['<ftp://x/>;rel="alternate", <a>;REL="Alternate"', ['/cert/a']],
    ['garbage, <', []],
  ])('of the link %s are %j', (link, paths) => {
    expect(alternateUrls(link, base).map((url) => new URL(url).pathname)).toEqual(paths);
  });
});

describe('a directory', () => {
  const full = { newNonce: 'https://ca/n', newAccount: 'https://ca/a', newOrder: 'https://ca/o' };

  it('needs no more than what is used', () => {
    expect(directoryOf(full)).toMatchObject({ ...full, meta: { profiles: {}, externalAccountRequired: false } });
  });

  it('names what it lacks', () => {
    expect(() => directoryOf({ newNonce: 'https://ca/n' })).toThrow('it has no newAccount, newOrder');
    expect(() => directoryOf([])).toThrow('not a JSON object');
    expect(() => directoryOf({ ...full, newOrder: 'javascript:x' })).toThrow('"newOrder" is not an absolute');
  });

  it('is asked for once by many, again after an hour, after forget and after a failure', async () => {
    let [asked, clock, fails] = [0, 0, false];
    const fetch = async () => {
      asked++;
      if (fails) throw new Error('down');
      return directoryOf(full);
    };
    const cache = directoryCache(fetch, () => clock);
    await Promise.all([cache.get(), cache.get(), cache.get()]);
    expect(asked).toBe(1);
    clock = 3_599_999;
    await cache.get();
    expect(asked).toBe(1);
    clock = 3_600_000;
    await cache.get();
    expect(asked).toBe(2);
    cache.forget();
    fails = true;
    await expect(cache.get()).rejects.toThrow('down');
    fails = false;
    await cache.get();
    expect(asked).toBe(4);
  });
});
