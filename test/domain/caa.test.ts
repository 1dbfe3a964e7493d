import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CaaQuestion, type CaaRecord, caaNames, caaVerdict } from '../../lib/domain/caa.ts';

const record = (tag: string, value: string, critical = false): CaaRecord => ({ critical, tag, value });
const ACCOUNT = 'https://ca.test/acct/1';
const asked = (more: Partial<CaaQuestion> = {}): CaaQuestion => ({
  wildcard: false,
  identities: ['ca.test'],
  accountUrl: ACCOUNT,
  methods: ['dns-01'],
  ...more,
});

describe('what CAA records say of a CA', () => {
  const rows: readonly [what: string, records: CaaRecord[], question: CaaQuestion, allowed: boolean][] = [
    ['no records at all', [], asked(), true],
    ['records of another kind', [record('iodef', 'mailto:a@b.test')], asked(), true],
    ['our own name', [record('issue', 'ca.test')], asked(), true],
    ['our own name, spelled with capitals', [record('ISSUE', 'CA.Test')], asked(), true],
    ['one of several', [record('issue', 'other.test'), record('issue', 'ca.test')], asked(), true],
    ['another CA', [record('issue', 'other.test')], asked(), false],
    ['nobody', [record('issue', ';')], asked(), false],
    ['an empty value', [record('issue', '')], asked(), false],
    ['nonsense', [record('issue', '%%%%%')], asked(), false],
    ['a parameter that is nonsense', [record('issue', 'ca.test; x')], asked(), false],
    ['our own name, with parameters nobody knows', [record('issue', 'ca.test; policy=ev')], asked(), true],
    ['wildcards of another CA, for a plain name', [record('issuewild', 'other.test')], asked(), true],
    ['wildcards of another CA, for a wildcard', [record('issuewild', 'other.test')], asked({ wildcard: true }), false],
    [
      'wildcards of ours and names of another, for a wildcard',
      [record('issue', 'other.test'), record('issuewild', 'ca.test')],
      asked({ wildcard: true }),
      true,
    ],
    ['names of another CA, for a wildcard', [record('issue', 'other.test')], asked({ wildcard: true }), false],
    ['a critical tag nobody knows', [record('issue', 'ca.test'), record('tbs', 'x', true)], asked(), false],
    ['an uncritical tag nobody knows', [record('tbs', 'x')], asked(), true],
    ['our account', [record('issue', `ca.test; accounturi=${ACCOUNT}`)], asked(), true],
    ['another account', [record('issue', 'ca.test; accounturi=https://ca.test/acct/2')], asked(), false],
    [
      'an account, while we have none',
      [record('issue', `ca.test; accounturi=${ACCOUNT}`)],
      asked({ accountUrl: undefined }),
      false,
    ],
    ['two accounts in one', [record('issue', `ca.test; accounturi=${ACCOUNT}; accounturi=${ACCOUNT}`)], asked(), false],
    ['our method', [record('issue', 'ca.test; validationmethods=http-01,dns-01')], asked(), true],
    ['another method', [record('issue', 'ca.test; validationmethods=http-01')], asked(), false],
    ['a CA without a name, and others named', [record('issue', 'other.test')], asked({ identities: [] }), true],
    ['a CA without a name, and nobody named', [record('issue', ';')], asked({ identities: [] }), false],
  ];
  test.each(rows)('%s', (_, records, question, allowed) => {
    expect(caaVerdict(records, question).allowed).toBe(allowed);
  });

  test('one method that is allowed is enough', () => {
    const records = [record('issue', 'ca.test; validationmethods=dns-01')];
    expect(caaVerdict(records, asked({ methods: ['http-01', 'dns-01'] }))).toEqual({ allowed: true });
    expect(caaVerdict(records, asked({ methods: ['http-01'] }))).toEqual({
      allowed: false,
      reason: 'CAA records do not allow the CA to validate by http-01',
    });
  });

  test('the reason names who is allowed', () => {
    expect(caaVerdict([record('issue', 'other.test')], asked())).toEqual({
      allowed: false,
      reason: 'CAA records allow other.test, and not ca.test',
    });
  });

  test('one more record for us never takes a permission away, whatever else stands there', () => {
    const tags = fc.constantFrom('issue', 'issuewild', 'iodef', 'other');
    const records = fc.array(fc.record({ critical: fc.constant(false), tag: tags, value: fc.string() }));
    fc.assert(
      fc.property(records, fc.boolean(), (some, wildcard) => {
        const ours = [record('issue', 'ca.test'), record('issuewild', 'ca.test')];
        expect(caaVerdict([...some, ...ours], asked({ wildcard })).allowed).toBe(true);
      }),
    );
  });
});

test('a name is followed by its parents, without the wildcard and without the root', () => {
  expect(caaNames('*.a.example.test')).toEqual(['a.example.test', 'example.test', 'test']);
});
