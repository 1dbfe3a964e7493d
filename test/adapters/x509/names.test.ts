import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TAG } from '../../../lib/adapters/x509/der.ts';
import { whole } from '../../../lib/adapters/x509/derReader.ts';
import { readName, writeName } from '../../../lib/adapters/x509/distinguishedName.ts';
import { ipOctets, ipText } from '../../../lib/adapters/x509/ip.ts';
import { readNames, writeNames } from '../../../lib/adapters/x509/names.ts';
import { parseIp } from '../../../lib/domain/ip.ts';
import type { Subject } from '../../../lib/domain/spec.ts';
import { noNames } from '../../support/internalCa.ts';

const readBack = (subject: Subject, commonName?: string) =>
  readName(whole(writeName(subject, commonName), TAG.sequence));

describe('distinguished names', () => {
  it('are written from the widest attribute to the narrowest, and shown as RFC 4514 turns them round', () => {
    const subject: Subject = {
      organizations: ['Chancery'],
      organizationalUnits: ['Rolls', 'Seals'],
      countries: ['DE'],
      provinces: ['Hessen'],
      localities: ['Frankfurt'],
      streetAddresses: ['Am Markt 1'],
      postalCodes: ['60311'],
      serialNumber: 'HRB 1',
    };
    const read = readBack(subject, 'app');
    expect(read.dn).toBe(
      'serialNumber=HRB 1,CN=app,OU=Seals,OU=Rolls,O=Chancery,STREET=Am Markt 1,postalCode=60311,L=Frankfurt,ST=Hessen,C=DE',
    );
    expect(read.subject).toEqual(subject);
    expect(read.commonNames).toEqual(['app']);
  });

  it('escape what RFC 4514 reserves', () => {
    expect(readBack({}, ' a,b+c"d\\e<f>g;h ').dn).toBe('CN=\\ a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h\\ ');
    expect(readBack({}, '#a').dn).toBe('CN=\\#a');
    expect(readBack({}, ' ').dn).toBe('CN=\\ ');
    expect(readBack({}, 'a\0b').dn).toBe('CN=a\\00b');
  });

  it('show an attribute that has no short name by its OID and its encoding', () => {
    const email = Buffer.from('3018311630140609 2a864886f70d010901 16 07 6140622e636f6d'.replaceAll(' ', ''), 'hex');
    expect(readName(whole(email, TAG.sequence)).dn).toBe('1.2.840.113549.1.9.1=#16076140622e636f6d');
  });

  it.each([
    ['a country of three letters', { countries: ['DEU'] }, undefined],
    ['a country that is not printable', { countries: ['Ä'] }, undefined],
    ['an organization of 65 characters', { organizations: ['x'.repeat(65)] }, undefined],
    ['an empty organization', { organizations: [''] }, undefined],
    ['a common name of 65 characters', {}, 'x'.repeat(65)],
  ])('refuse %s', (_, subject, commonName) => {
    expect(() => writeName(subject, commonName)).toThrow(expect.objectContaining({ code: 'InvalidSubject' }));
  });

  it('count characters, not octets', () => {
    expect(readBack({}, 'ü'.repeat(64)).commonNames).toEqual(['ü'.repeat(64)]);
  });
});

const alternative = fc.record({
  dnsNames: fc.array(fc.domain(), { maxLength: 5 }),
  ipAddresses: fc.array(
    fc.oneof(fc.ipV4(), fc.ipV6()).map((address) => parseIp(address)!),
    { maxLength: 5 },
  ),
  uris: fc.array(fc.webUrl(), { maxLength: 3 }),
  emailAddresses: fc.array(fc.emailAddress(), { maxLength: 3 }),
});

describe('alternative names', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(alternative, (names) => {
        const written = writeNames(names);
        const read = readNames(written && whole(written, TAG.sequence));
        expect(read).toEqual({
          ...names,
          dnsNames: names.dnsNames.map((name) => name.toLowerCase()),
          others: [],
        });
      }),
    );
  });

  it('are absent when there is no name', () => {
    expect(writeNames(noNames)).toBeUndefined();
  });

  it.each([
    ['a DNS name that is not ASCII', { dnsNames: ['bücher.example'] }],
    ['an empty DNS name', { dnsNames: [''] }],
    ['a URI with a space', { uris: ['https://example.test/a b'] }],
    ['an email address with a line break', { emailAddresses: ['a@example.test\n'] }],
    ['an IP address that is none', { ipAddresses: ['10.0.0.256'] }],
    ['an IP address with a zone', { ipAddresses: ['fe80::1%eth0'] }],
  ])('refuse %s', (_, names) => {
    expect(() => writeNames({ ...noNames, ...names })).toThrow(expect.objectContaining({ code: 'InvalidName' }));
  });
});

describe('IP addresses', () => {
  it.each([
    ['192.0.2.1', 'c0000201'],
    ['2001:db8::1', '20010db8000000000000000000000001'],
    ['2001:0DB8:0:0:0:0:0:1', '20010db8000000000000000000000001'],
    ['::', '00000000000000000000000000000000'],
    ['1::', '00010000000000000000000000000000'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['::ffff:192.0.2.1', 'c0000201'],
  ])('%s has the octets %s', (address, octets) => {
    expect(ipOctets(address)?.toString('hex')).toBe(octets);
  });

  it('have no text when their octets are neither 4 nor 16', () => {
    expect(ipText(Buffer.alloc(8))).toBeUndefined();
  });
});
