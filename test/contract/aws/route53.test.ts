import { ChangeResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53';
import { STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dnsProvider } from '../../../lib/adapters/dns/dnsProvider.ts';
import { dnsProviders } from '../../../lib/adapters/dnsProviders.ts';
import { httpClient } from '../../../lib/adapters/net/client.ts';
import { addressGuard } from '../../../lib/adapters/net/guard.ts';
import { route53Clients } from '../../../lib/adapters/route53/clients.ts';
import { route53DnsProvider } from '../../../lib/adapters/route53/dnsProvider.ts';
import type { Route53Spec } from '../../../lib/domain/spec.ts';
import type { Dns01Target, DnsProvider } from '../../../lib/ports/dnsProvider.ts';
import { clientOf } from '../../support/aws.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { type HostedZone, makeHostedZone, startZoneResolver } from '../../support/peers/hostedZone.ts';
import { type Ministack, startMinistack } from '../../support/peers/ministack.ts';
import { dnsProviderContract, newName, newValue } from '../dnsProvider.ts';

const allow = ['127.0.0.1'];
const http = httpClient({ allow });
afterAll(() => http.close());

/** Providers as the program composes them; `resolver` stands for the DNS that the emulator does not serve. */
function open(aws: Ministack, resolver: string, now?: () => number): { provider: DnsProvider; client: Route53Client } {
  const config = clientOf(aws);
  const client = route53Clients({ config, sts: new STSClient(config), sessionName: 'chancery-here' });
  const dns = dnsProvider({ http, guard: addressGuard(allow), resolvers: [resolver] });
  return {
    provider: dnsProviders({ dns, route53: route53DnsProvider({ client, dns, ...(now && { now }) }) }),
    client: client({}),
  };
}

/** A clock that is far later each time, so that no answer counts as just asked for. */
function everLater(): () => number {
  let now = 0;
  return () => (now += 1000);
}

/** The emulator says PENDING the first time that it is asked about a change, and INSYNC from then on. */
const patient = (provider: DnsProvider): DnsProvider => ({
  ...provider,
  missing: async (to, values) => {
    await provider.missing(to, values);
    return provider.missing(to, values);
  },
});

const target = (route53: Route53Spec, nameserver?: string): Dns01Target => ({
  spec: { route53, ...(nameserver && { nameservers: [nameserver] }) },
  owner: 'team',
  secrets: {},
});

describeWith(['ministack'], 'Route 53', () => {
  dnsProviderContract('Route 53', async () => {
    const aws = await startMinistack();
    const primary = await makeHostedZone(new Route53Client(clientOf(aws)), 'example.test');
    const resolver = await startZoneResolver([primary]);
    const { provider } = open(aws, resolver.address, everLater());
    return {
      provider: patient(provider),
      to: target({}, resolver.address),
      primary,
      stop: async () => {
        await resolver.stop();
        await aws.stop();
      },
    };
  });
});

describeWith(['ministack'], 'a solver for Route 53', () => {
  let aws: Ministack;
  let client: Route53Client;
  let provider: DnsProvider;
  let zones: Record<'outer' | 'inner' | 'other', HostedZone>;
  let resolver: Awaited<ReturnType<typeof startZoneResolver>>;
  let to: Dns01Target;

  beforeAll(async () => {
    aws = await startMinistack();
    client = new Route53Client(clientOf(aws));
    const outer = await makeHostedZone(client, 'example.test');
    const inner = await makeHostedZone(client, 'inner.example.test');
    const other = await makeHostedZone(client, 'other.test');
    await makeHostedZone(client, 'private.inner.example.test', true);
    zones = { outer, inner, other };
    resolver = await startZoneResolver([inner, outer, other]);
    ({ provider } = open(aws, resolver.address, everLater()));
    to = target({}, resolver.address);
  });
  afterAll(async () => {
    await resolver?.stop();
    await aws?.stop();
  });

  test('writes to the public zone with the longest name, each zone in one call', async () => {
    const names = [
      '_acme-challenge.a.example.test',
      '_acme-challenge.inner.example.test',
      '_acme-challenge.a.private.inner.example.test',
      '_acme-challenge.other.test',
    ];
    const values = names.map((fqdn) => ({ fqdn, value: newValue() }));
    await provider.present(to, values);
    const at = (zone: HostedZone) => Promise.all(names.map((name) => zone.query(name, 'TXT').catch(() => [])));
    const [a, b, c, d] = values.map(({ value }) => [value]);
    expect(await at(zones.outer)).toEqual([a, [], [], []]);
    expect(await at(zones.inner)).toEqual([[], b, c, []]);
    expect(await at(zones.other)).toEqual([[], [], [], d]);
    await provider.cleanUp(to, values);
    expect(await at(zones.inner)).toEqual([[], [], [], []]);
  });

  test('finds a zone that was made after it looked', async () => {
    const late = { fqdn: '_acme-challenge.a.late.test', value: newValue() };
    await expect(provider.present(to, [late])).rejects.toMatchObject({ name: 'DnsError', code: 'DnsNotZone' });
    const zone = await makeHostedZone(client, 'late.test');
    await provider.present(to, [late]);
    expect(await zone.query(late.fqdn, 'TXT')).toEqual([late.value]);
  });

  test('takes the zone that it names, and asks for one where two have the same name', async () => {
    const twins = [await makeHostedZone(client, 'twin.test'), await makeHostedZone(client, 'twin.test')];
    // Later than the list of zones that is still kept.
    const { provider: fresh } = open(aws, resolver.address);
    const value = { fqdn: '_acme-challenge.twin.test', value: newValue() };
    await expect(fresh.present(to, [value])).rejects.toMatchObject({ code: 'DnsZoneAmbiguous', retry: false });
    await fresh.present(target({ hostedZoneID: twins[1]!.id }), [value]);
    expect(await twins[1]!.query(value.fqdn, 'TXT')).toEqual([value.value]);
    expect(await twins[0]!.query(value.fqdn, 'TXT')).toEqual([]);
  });

  test('says that a zone is not there', async () => {
    const value = { fqdn: '_acme-challenge.a.example.test', value: newValue() };
    const gone = target({ hostedZoneID: 'ZNOTHERE' });
    await expect(provider.present(gone, [value])).rejects.toMatchObject({ code: 'DnsNotZone', retry: false });
  });

  test('works in another account by a role', async () => {
    const value = { fqdn: '_acme-challenge.a.example.test', value: newValue() };
    const elsewhere = target({ role: 'arn:aws:iam::222222222222:role/dns' });
    await expect(provider.present(elsewhere, [value])).rejects.toMatchObject({ code: 'DnsNotZone' });
    expect(await zones.outer.query(value.fqdn, 'TXT')).toEqual([]);
  });

  test('follows a CNAME into its zones and no other', async () => {
    const [inside, outside] = [newName(), newName()];
    await zones.outer.update([
      `add ${inside}. 1 CNAME _acme-challenge.x.other.test.`,
      `add ${outside}. 1 CNAME _acme-challenge.victim.invalid.`,
    ]);
    const following: Dns01Target = { ...to, spec: { ...to.spec, cnameStrategy: 'Follow' } };
    expect(await provider.target(following, inside)).toBe('_acme-challenge.x.other.test');
    const error = await provider.target(following, outside).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({
      code: 'DnsNotZone',
      message: expect.stringContaining('_acme-challenge.<label>.<zone>'),
    });
    const narrow: Dns01Target = {
      ...following,
      spec: { ...following.spec, route53: { hostedZoneID: zones.outer.id } },
    };
    await expect(provider.target(narrow, inside)).rejects.toMatchObject({ code: 'DnsNotZone' });
  });

  test('a value that it has just put counts as missing until the change is everywhere', async () => {
    const value = { fqdn: newName(), value: newValue() };
    await provider.present(to, [value]);
    expect(await provider.missing(to, [value])).toEqual([value]);
    expect(await provider.missing(to, [value])).toEqual([]);
  });

  test('after a restart the zone and its name servers are asked', async () => {
    const [there, absent] = [newValue(), newValue()].map((value) => ({ fqdn: newName(), value })) as [never, never];
    await provider.present(to, [there]);
    const { provider: restarted } = open(aws, resolver.address);
    expect(await restarted.missing(to, [there, absent])).toEqual([absent]);
    // Name servers that lag behind the zone: here, a resolver that knows nothing of it.
    const empty = await startZoneResolver([]);
    expect(await restarted.missing(target({}, empty.address), [there])).toEqual([there]);
    await empty.stop();
  });

  describe('with another writer', () => {
    test('two that present at the same name at once both end with their values in the set', async () => {
      const fqdn = newName();
      const values = Array.from({ length: 4 }, () => ({ fqdn, value: newValue() }));
      const writers = values.map(() => open(aws, resolver.address).provider);
      await Promise.all(values.map((value, index) => writers[index]!.present(to, [value])));
      expect((await zones.outer.query(fqdn, 'TXT')).sort()).toEqual(values.map(({ value }) => value).sort());
      await Promise.all(values.slice(1).map((value, index) => writers[index]!.cleanUp(to, [value])));
      expect(await zones.outer.query(fqdn, 'TXT')).toEqual([values[0]!.value]);
    });

    test('a set keeps the TTL that the other gave it', async () => {
      const value = { fqdn: newName(), value: newValue() };
      await zones.outer.update([`add ${value.fqdn}. 300 TXT "theirs"`]);
      await provider.present(to, [value]);
      expect(await zones.outer.sets(value.fqdn, 'TXT')).toMatchObject([{ TTL: 300 }]);
      await provider.cleanUp(to, [value]);
      expect(await zones.outer.sets(value.fqdn, 'TXT')).toMatchObject([
        { TTL: 300, ResourceRecords: [{ Value: '"theirs"' }] },
      ]);
    });

    test('a set with a routing policy is left alone', async () => {
      const value = { fqdn: newName(), value: newValue() };
      const weighted = { Name: value.fqdn, Type: 'TXT', SetIdentifier: 'blue', Weight: 1, TTL: 60 } as const;
      const ResourceRecordSet = { ...weighted, ResourceRecords: [{ Value: '"theirs"' }] };
      const ChangeBatch = { Changes: [{ Action: 'CREATE' as const, ResourceRecordSet }] };
      await client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zones.outer.id, ChangeBatch }));
      await expect(provider.cleanUp(to, [value])).rejects.toMatchObject({ code: 'DnsRefused', retry: false });
    });
  });
});
