import { describe, expect, it } from 'vitest';
import { type FailingCertificate, incidentsOf, scopeOf } from '../../lib/domain/incident.ts';

function failing(name: string, type: string, more: Partial<FailingCertificate> = {}): FailingCertificate {
  return {
    team: 'shop',
    name,
    issuer: 'le',
    identifiers: [{ type: 'dns', value: `${name}.example.co.uk` }],
    since: '2026-01-01T00:00:00.000Z',
    retryAt: '2026-01-01T01:00:00.000Z',
    class: 'backoff',
    problem: { type, detail: type },
    ...more,
  };
}
const dns = (value: string) => ({ type: 'dns', value }) as const;

describe('where the cause of a failure is looked for', () => {
  it('is the issuer for what its CA or its configuration is to blame for', () => {
    for (const type of ['caUnreachable', 'serverInternal', 'rateLimited', 'CredentialNotFound', 'internal'])
      expect(scopeOf(failing('a', type))).toEqual({ kind: 'issuer', name: 'le' });
  });

  it('is the registered domain for what a validation or a DNS server says', () => {
    for (const type of ['dns', 'connection', 'unauthorized', 'caa', 'DnsTimeout', 'CnameLoop'])
      expect(scopeOf(failing('a', type))).toEqual({ kind: 'domain', name: 'example.co.uk' });
  });

  it('is the domain that the CA names, of a certificate for several', () => {
    const identifiers = [dns('a.example.com'), dns('b.example.org')];
    const problem = {
      type: 'compound',
      detail: 'x',
      subproblems: [{ type: 'dns', detail: 'x', identifier: identifiers[1]! }],
    };
    expect(scopeOf(failing('a', 'compound', { identifiers, problem }))).toEqual({
      kind: 'domain',
      name: 'example.org',
    });
    expect(scopeOf(failing('a', 'dns', { identifiers }))).toEqual({ kind: 'issuer', name: 'le' });
  });

  it('is the team for what its policy forbids', () => {
    expect(scopeOf(failing('a', 'NameNotAllowed'))).toEqual({ kind: 'team', name: 'shop' });
  });
});

describe('an incident', () => {
  it('is equal failures of two certificates or more at one place, whosever they are', () => {
    const incidents = incidentsOf([
      failing('a', 'dns'),
      failing('b', 'dns', { team: 'web', since: '2025-12-31T00:00:00.000Z' }),
      failing('c', 'connection'),
      failing('d', 'dns', { identifiers: [dns('d.example.com')] }),
    ]);
    expect(incidents.map(({ id, certificates }) => [id, certificates.map(({ name }) => name)])).toEqual([
      ['dns:domain:example.co.uk', ['b', 'a']],
    ]);
  });

  it('with more certificates comes first', () => {
    const at = (issuer: string, count: number) =>
      Array.from({ length: count }, (_, n) => failing(`${issuer}-${n}`, 'caTimeout', { issuer }));
    const ids = incidentsOf([...at('few', 2), ...at('many', 3), ...at('one', 1)]).map(({ id }) => id);
    expect(ids).toEqual(['caTimeout:issuer:many', 'caTimeout:issuer:few']);
  });

  it('is not two issuances of one certificate', () => {
    expect(incidentsOf([failing('a', 'dns'), failing('a', 'dns')])).toEqual([]);
  });
});
