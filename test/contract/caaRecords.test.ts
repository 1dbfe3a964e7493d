import { afterAll, beforeAll, expect, it } from 'vitest';
import { caaRecords } from '../../lib/adapters/dns/caaRecords.ts';
import { startBind } from '../support/peers/bind.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import type { NameServer } from '../support/peers/dns.ts';

describeWith(['bind'], 'CAA records as BIND has them', () => {
  let bind: NameServer;
  beforeAll(async () => {
    const records = [
      '@ CAA 0 issue "ca.test; validationmethods=dns-01"',
      '@ CAA 128 iodef "mailto:security@example.test"',
      'own CAA 0 issue ";"',
      'alias CNAME own',
    ];
    bind = await startBind({ zones: [{ name: 'example.test', records, wildcard: false }] });
  });
  afterAll(() => bind?.stop());

  const relevant = (name: string) => caaRecords([bind.address], 1000).relevant(name);
  const ofZone = [
    { critical: false, tag: 'issue', value: 'ca.test; validationmethods=dns-01' },
    { critical: true, tag: 'iodef', value: 'mailto:security@example.test' },
  ];
  const byTag = (a: { tag: string }, b: { tag: string }) => b.tag.localeCompare(a.tag);

  it('are those of the name itself', async () => {
    expect(await relevant('own.example.test')).toEqual([{ critical: false, tag: 'issue', value: ';' }]);
  });
  it('are those at the end of an alias', async () => {
    expect(await relevant('alias.example.test')).toEqual([{ critical: false, tag: 'issue', value: ';' }]);
  });
  it('are otherwise those of the nearest parent, for a wildcard as well', async () => {
    expect([...(await relevant('a.b.example.test'))].sort(byTag)).toEqual(ofZone);
    expect([...(await relevant('*.example.test'))].sort(byTag)).toEqual(ofZone);
  });
  it('are none where no parent has any', async () => {
    expect(await relevant('elsewhere.invalid')).toEqual([]);
  });
  it('are unknown, and not absent, where nobody answers', async () => {
    const gone = caaRecords(['127.0.0.1:1'], 200);
    await expect(gone.relevant('example.test')).rejects.toMatchObject({ name: 'DnsError' });
  });
});
