import { describe, expect, it } from 'vitest';
import { type CertificateNames, csrMatches } from '../../lib/domain/csr.ts';

const none: CertificateNames = { dnsNames: [], ipAddresses: [], uris: [], emailAddresses: [] };
const spec: CertificateNames = { ...none, dnsNames: ['a.example.test', 'b.example.test'], ipAddresses: ['10.0.0.1'] };

describe('a request for a certificate', () => {
  it.each<[string, CertificateNames, CertificateNames]>([
    ['the same names', spec, spec],
    ['the same names in another order', spec, { ...spec, dnsNames: ['b.example.test', 'a.example.test'] }],
    ['a common name that repeats a DNS name', spec, { ...spec, commonName: 'A.example.test' }],
    [
      'a common name in place of a DNS name',
      spec,
      { ...spec, commonName: 'a.example.test', dnsNames: ['b.example.test'] },
    ],
    ['a common name that repeats an IP address', spec, { ...spec, commonName: '10.0.0.1' }],
    ['the common name of the spec', { ...spec, commonName: 'App' }, { ...spec, commonName: 'App' }],
  ])('with %s is taken', (_, wanted, asked) => {
    expect(() => csrMatches(wanted, asked)).not.toThrow();
  });

  it.each<[string, CertificateNames, CertificateNames, string]>([
    ['a name less', spec, { ...spec, dnsNames: ['a.example.test'] }, 'dnsNames lacks "b.example.test"'],
    ['a name more', spec, { ...spec, uris: ['spiffe://x'] }, 'uris also has "spiffe://x"'],
    [
      'other names',
      spec,
      { ...none, dnsNames: ['c.example.test'] },
      'dnsNames lacks "a.example.test"; dnsNames lacks "b.example.test"; dnsNames also has "c.example.test"; ipAddresses lacks "10.0.0.1"',
    ],
    ['a foreign common name', spec, { ...spec, commonName: 'c.example.test' }, 'commonName is "c.example.test"'],
    ['no common name where the spec has one', { ...spec, commonName: 'App' }, spec, 'commonName lacks "App"'],
    [
      'another common name than the spec, even one of its names',
      { ...spec, commonName: 'App' },
      { ...spec, commonName: 'a.example.test' },
      'commonName is "a.example.test"',
    ],
  ])('with %s is refused, and says the difference', (_, wanted, asked, difference) => {
    expect(() => csrMatches(wanted, asked)).toThrow(
      expect.objectContaining({
        code: 'CsrNamesDiffer',
        message: `The request is for other names than the spec: ${difference}`,
      }),
    );
  });
});
