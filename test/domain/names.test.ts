import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isNormalDnsName, normalizeDnsName, publicNameProblem, registeredDomain } from '../../lib/domain/names.ts';
import { Refusal } from '../../lib/domain/refusal.ts';

const FIELD = 'spec.dnsNames[0]';

function refusalOf(text: string): Refusal {
  try {
    normalizeDnsName(text, FIELD);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error(`${text} was taken`);
}

const label63 = 'a'.repeat(63);
const name253 = `${`${label63}.`.repeat(3)}${'b'.repeat(61)}`;

describe('a DNS name is taken in its normal form', () => {
  test.each([
    ['as it is', 'app.example.com', 'app.example.com'],
    ['lowered', 'App.EXAMPLE.com', 'app.example.com'],
    ['with a wildcard', '*.Example.com', '*.example.com'],
    ['with one label, for an internal CA', 'payments', 'payments'],
    ["as a cluster's service", 'payments.production.svc', 'payments.production.svc'],
    ['from Unicode', 'bücher.example', 'xn--bcher-kva.example'],
    ['from Unicode in decomposed form', 'bu\u0308cher.example', 'xn--bcher-kva.example'],
    ['with the sharp s kept, not made ss', 'faß.example', 'xn--fa-hia.example'],
    ['with the ideographic full stop read as a dot', 'app。example.com', 'app.example.com'],
    ['from full-width letters', 'ａｐｐ.example.com', 'app.example.com'],
    ['when it already has A-labels', 'XN--bcher-kva.example', 'xn--bcher-kva.example'],
    ['with two hyphens inside a label', 'r3---sn.example.com', 'r3---sn.example.com'],
    ['of 253 characters with labels of 63', name253, name253],
  ])('%s', (_, text, normal) => {
    expect(normalizeDnsName(text, FIELD)).toBe(normal);
  });
});

describe('a DNS name is refused by its own code', () => {
  test.each([
    ['nothing at all', '', 'EmptyName'],
    ['254 characters', `${name253}b`, 'NameTooLong'],
    ['253 characters and a wildcard', `*.${name253}`, 'NameTooLong'],
    ['a book', 'a.'.repeat(50_000), 'NameTooLong'],
    ['a label of 64 characters', `${label63}a.example.com`, 'LabelTooLong'],
    ['a Unicode label that is too long as an A-label', `${'ü'.repeat(60)}.example`, 'LabelTooLong'],
    ['an underscore', 'my_app.example.com', 'UnderscoreInName'],
    ['an empty label', 'app..example.com', 'EmptyLabel'],
    ['a dot in front', '.example.com', 'EmptyLabel'],
    ['a dot at the end', 'app.example.com.', 'TrailingDot'],
    ['an ideographic dot at the end', 'app.example.com。', 'TrailingDot'],
    ['the root', '.', 'EmptyLabel'],
    ['a wildcard in the middle', 'app.*.example.com', 'WildcardMisplaced'],
    ['two wildcards', '*.*.example.com', 'WildcardMisplaced'],
    ['a wildcard as a part of a label', 'app*.example.com', 'WildcardMisplaced'],
    ['a wildcard alone', '*', 'WildcardMisplaced'],
    ['a wildcard and a dot', '*.', 'WildcardMisplaced'],
    ['an IPv4 address', '192.0.2.7', 'IpInDnsNames'],
    ['an IPv6 address', '2001:db8::7', 'IpInDnsNames'],
    ['an IPv6 address in brackets', '[2001:db8::7]', 'IpInDnsNames'],
    ['a blank', 'my app.example.com', 'InvalidName'],
    ['a URL', 'https://app.example.com', 'InvalidName'],
    ['a line break', 'app.example.com\n', 'InvalidName'],
    ['a character that UTS 46 maps to a slash', '℀.example.com', 'InvalidName'],
    ['a hyphen in front of a label', '-app.example.com', 'InvalidName'],
    ['a hyphen at the end of a label', 'app-.example.com', 'InvalidName'],
    ['a broken A-label', 'xn--a.example', 'InvalidName'],
    ['half a surrogate pair', '\ud800.example', 'InvalidName'],
    ['a number at the end', 'app.example.1', 'InvalidName'],
  ])('%s', (_, text, code) => {
    expect(refusalOf(text)).toMatchObject({ code, field: FIELD });
  });

  test('and says where an address belongs', () => {
    expect(refusalOf('192.0.2.7').remedy).toContain('ipAddresses');
  });

  test('and repeats foreign text escaped and cut', () => {
    const { message } = refusalOf(`\u001b[31m${'x'.repeat(500)} `);
    expect(message).toContain('\\u001b');
    expect(message.length).toBeLessThan(250);
  });
});

describe('for any text', () => {
  const labels = fc.array(fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/), { minLength: 1, maxLength: 4 });
  const hosts = labels.map((parts) => [...parts, 'example'].join('.')).filter((name) => !name.includes('xn--'));
  const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), hosts, fc.domain());

  test('the answer is a name or a Refusal, and a name stays as it is', () => {
    fc.assert(
      fc.property(anything, (text) => {
        try {
          const normal = normalizeDnsName(text, FIELD);
          expect(normal).toMatch(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$/);
          expect(normalizeDnsName(normal, FIELD)).toBe(normal);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          expect(error.field).toBe(FIELD);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('a host name is taken in any case, and as lower case', () => {
    fc.assert(
      fc.property(hosts, fc.infiniteStream(fc.boolean()), (host, upper) => {
        const mixed = [...host].map((c) => (upper.next().value ? c.toUpperCase() : c)).join('');
        expect(normalizeDnsName(mixed, FIELD)).toBe(host);
      }),
    );
  });
});

describe('an ACME CA', () => {
  test.each([
    ['com', 'PublicSuffixAlone'],
    ['co.uk', 'PublicSuffixAlone'],
    ['*.co.uk', 'PublicSuffixAlone'],
    ['*.com', 'PublicSuffixAlone'],
    ['payments', 'SingleLabel'],
    ['*.payments', 'SingleLabel'],
    ['test', 'SingleLabel'],
  ])('would not certify %s: %s', (name, code) => {
    expect(publicNameProblem(name)?.code).toBe(code);
  });

  test.each([
    'example.com',
    '*.example.co.uk',
    'example.test',
    '*.example.test',
    'printer.local',
    'github.io',
    '*.github.io',
    'payments.production.svc',
  ])('may certify %s', (name) => {
    expect(publicNameProblem(name)).toBeUndefined();
  });
});

describe('a name is known as normal', () => {
  const normalizes = (text: string): boolean => {
    try {
      return normalizeDnsName(text, FIELD) === text;
    } catch {
      return false;
    }
  };

  test.each(['app.example.com', '*.example.com', 'xn--bcher-kva.example', 'payments', name253, `*.${label63}.a`])(
    'by itself: %s',
    (name) => expect([isNormalDnsName(name), normalizes(name)]).toEqual([true, true]),
  );

  test('without the tables of UTS 46, exactly where it is its own normal form; of A-labels, more', () => {
    const label = fc.stringMatching(/^[a-zA-Z0-9_*-]{0,4}$/);
    const texts = fc.oneof(
      fc.array(label, { maxLength: 4 }).map((labels) => labels.join('.')),
      fc.string({ maxLength: 8 }),
      fc.ipV4(),
      fc.ipV6(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        fc.pre(!text.includes('xn--'));
        expect(isNormalDnsName(text)).toBe(normalizes(text));
      }),
      { numRuns: 2000 },
    );
    expect([isNormalDnsName('xn--a.example'), normalizes('xn--a.example')]).toEqual([true, false]);
  });
});

describe('a name belongs to the registered domain', () => {
  test.each([
    ['a.b.example.co.uk', 'example.co.uk'],
    ['*.example.com', 'example.com'],
    ['app.team.github.io', 'team.github.io'],
    ['app.example.test', 'example.test'],
    ['payments', 'payments'],
  ])('%s: %s', (name, domain) => {
    expect(registeredDomain(name)).toBe(domain);
  });
});
