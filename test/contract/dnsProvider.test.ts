import { afterAll, beforeAll, expect, test } from 'vitest';
import { dnsProvider } from '../../lib/adapters/dns/dnsProvider.ts';
import { recursiveResolver } from '../../lib/adapters/dns/resolver.ts';
import { httpClient } from '../../lib/adapters/net/client.ts';
import { addressGuard } from '../../lib/adapters/net/guard.ts';
import { type AddressGuard, NetError } from '../../lib/adapters/net/http.ts';
import type { Dns01Target } from '../../lib/ports/dnsProvider.ts';
import { startBind } from '../support/peers/bind.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import type { NameServer } from '../support/peers/dns.ts';
import { startKnot } from '../support/peers/knot.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhookReceiver.ts';
import { type DnsProviderCase, dnsProviderContract, newName, newValue } from './dnsProvider.ts';

const allow = ['127.0.0.1'];
const http = httpClient({ allow });
const guard = addressGuard(allow);
const provider = dnsProvider({ http, guard });

afterAll(() => http.close());

function updateTarget(server: NameServer): Dns01Target {
  return {
    spec: { rfc2136: { nameserver: server.address, tsigKeyName: server.tsigName }, nameservers: [server.address] },
    owner: 'team',
    secrets: { tsigSecretSecretRef: server.tsigSecret },
  };
}

async function byUpdate(start: typeof startBind): Promise<DnsProviderCase> {
  const primary = await start();
  return { provider, to: updateTarget(primary), primary, stop: () => primary.stop() };
}

async function byWebhook(): Promise<DnsProviderCase> {
  const primary = await startBind();
  const receiver = await startWebhookReceiver(primary);
  const to = { spec: { webhook: { url: receiver.url }, nameservers: [primary.address] }, owner: 'team', secrets: {} };
  return { provider, to, primary, stop: async () => void (await Promise.all([receiver.close(), primary.stop()])) };
}

describeWith(['bind'], 'BIND', () => dnsProviderContract('rfc2136 on BIND', () => byUpdate(startBind)));
describeWith(['knot'], 'Knot', () => dnsProviderContract('rfc2136 on Knot', () => byUpdate(startKnot)));
describeWith(['bind'], 'a webhook', () => dnsProviderContract('webhook', byWebhook));

/** Servers name the same refusal differently. */
for (const { title, peer, start, withoutKey, closedZone } of [
  { title: 'BIND', peer: 'bind', start: startBind, withoutKey: 'DnsRefused', closedZone: 'DnsRefused' },
  { title: 'Knot', peer: 'knot', start: startKnot, withoutKey: 'DnsNotAuth', closedZone: 'DnsBadKey' },
] as const) {
  describeWith([peer], `what ${title} refuses`, () => {
    let server: NameServer;
    let to: Dns01Target;
    const at = (changes: Partial<NonNullable<Dns01Target['spec']['rfc2136']>>, secrets = to.secrets): Dns01Target => ({
      spec: { ...to.spec, rfc2136: { ...to.spec.rfc2136!, ...changes } },
      owner: 'team',
      secrets,
    });
    const presenting = (target: Dns01Target, fqdn = newName(), by = provider) =>
      by.present(target, [{ fqdn, value: newValue() }]);
    const refusal = (code: string, retry = false) => expect.objectContaining({ name: 'DnsError', code, retry });

    beforeAll(async () => {
      server = await start({ zones: ['example.test', 'open.test', { name: 'locked.test', allowUpdate: false }] });
      to = updateTarget(server);
    });
    afterAll(() => server?.stop());

    test('a key that it does not know', async () => {
      await expect(presenting(at({ tsigKeyName: 'unknown' }))).rejects.toEqual(refusal('DnsBadKey'));
      await expect(presenting(at({ tsigAlgorithm: 'HMACSHA512' }))).rejects.toEqual(
        expect.objectContaining({ code: expect.stringMatching(/^DnsBad(Key|Sig)$/) }),
      );
    });

    test('a wrong secret', async () => {
      const wrong = { tsigSecretSecretRef: Buffer.from(newValue()).toString('base64') };
      await expect(presenting(at({}, wrong))).rejects.toEqual(refusal('DnsBadSig'));
    });

    test('a clock that is an hour off, and the error tells the server’s time', async () => {
      const late = dnsProvider({ http, guard, now: () => Date.now() - 3_600_000 });
      const error = await presenting(to, newName(), late).catch((caught) => caught);
      expect(error).toEqual(refusal('DnsBadTime'));
      expect(error.message).toContain(new Date().toISOString().slice(0, 13));
    });

    test('an update without a key', async () => {
      const bare = { spec: { ...to.spec, rfc2136: { nameserver: server.address } }, owner: 'team', secrets: {} };
      await expect(presenting(bare)).rejects.toEqual(refusal(withoutKey));
    });

    test('an update of a zone that its policy closes', async () => {
      await expect(presenting(to, '_acme-challenge.a.locked.test')).rejects.toEqual(refusal(closedZone));
    });

    test('a name in no zone of its', async () => {
      await expect(presenting(to, '_acme-challenge.example.invalid')).rejects.toEqual(refusal('DnsNotZone'));
    });

    test('a CNAME where a record shall stand, when it is not followed', async () => {
      const [fqdn, end] = [newName(), newName()];
      await server.update([`add ${fqdn}. 1 CNAME ${end}.`]);
      const error = await presenting(to, fqdn).catch((caught) => caught);
      expect(error).toEqual(refusal('CnameInTheWay'));
      expect(error.message).toContain(`${fqdn} is a CNAME to ${end}`);
      await provider.cleanUp(to, [{ fqdn, value: newValue() }]);
      expect(await server.query(fqdn, 'CNAME')).toEqual([end]);
    });

    test('but not a record beside a wildcard CNAME, which does not stand at the name itself', async () => {
      await server.update(['add *.w.example.test. 1 CNAME elsewhere.example.test.']);
      const value = { fqdn: '_acme-challenge.w.example.test', value: newValue() };
      await provider.present(to, [value]);
      expect(await server.query(value.fqdn, 'TXT')).toEqual([value.value]);
    });

    test('but not values of two zones, which go to their zones in one call', async () => {
      const values = [newName(), '_acme-challenge.open.test'].map((fqdn) => ({ fqdn, value: newValue() }));
      await provider.present(to, values);
      for (const { fqdn, value } of values) expect(await server.query(fqdn, 'TXT')).toEqual([value]);
      await provider.cleanUp(to, values);
      for (const { fqdn } of values) expect(await server.query(fqdn, 'TXT')).toEqual([]);
    });

    test('a target outside its zones, and the error names what the CNAME should be', async () => {
      const fqdn = newName();
      await server.update([`add ${fqdn}. 1 CNAME _acme-challenge.victim.invalid.`]);
      const following = { ...to, spec: { ...to.spec, cnameStrategy: 'Follow' as const } };
      const error = await provider.target(following, fqdn).catch((caught) => caught);
      expect(error).toEqual(refusal('DnsNotZone'));
      expect(error.message).toContain(`${fqdn} is a CNAME to _acme-challenge.victim.invalid`);
      expect(error.message).toContain(`expected: ${fqdn} CNAME _acme-challenge.<label>.<zone>`);
    });

    test('questions to a stopped server are DnsUnreachable, to one that hangs DnsTimeout', async () => {
      const other = await start();
      const hasty = dnsProvider({ http, guard, timeout: 300 });
      const value = { fqdn: newName(), value: newValue() };
      other.pause();
      await expect(hasty.present(updateTarget(other), [value])).rejects.toEqual(refusal('DnsTimeout', true));
      await expect(hasty.missing(updateTarget(other), [value])).rejects.toEqual(refusal('DnsTimeout', true));
      other.resume();
      await other.stop();
      await expect(hasty.present(updateTarget(other), [value])).rejects.toEqual(refusal('DnsUnreachable', true));
      await expect(hasty.missing(updateTarget(other), [value])).rejects.toEqual(refusal('DnsUnreachable', true));
    });

    test('an address that the operator did not allow is not dialled', async () => {
      const strict = dnsProvider({ http, guard: addressGuard([]) });
      await expect(presenting(to, newName(), strict)).rejects.toEqual(refusal('AddressRefused'));
      await expect(strict.missing(to, [{ fqdn: newName(), value: newValue() }])).rejects.toEqual(
        refusal('AddressRefused'),
      );
    });
  });
}

describeWith(['bind'], 'delegation across zones', () => {
  let server: NameServer;
  beforeAll(async () => {
    server = await startBind({
      zones: [{ name: 'example.test', allowUpdate: false, records: records() }, 'acme.test'],
    });
  });
  afterAll(() => server?.stop());

  const records = () => [
    '_acme-challenge.app CNAME _acme-challenge.app.acme.test.',
    ...Array.from({ length: 9 }, (_, link) => `_acme-challenge.l${link} CNAME _acme-challenge.l${link + 1}`),
  ];
  const following = (): Dns01Target => {
    const to = updateTarget(server);
    return { ...to, spec: { ...to.spec, cnameStrategy: 'Follow' } };
  };

  test('a value is presented in the zone that the CNAME leads to, and is there for who asks the name', async () => {
    const fqdn = await provider.target(following(), '_acme-challenge.app.example.test');
    expect(fqdn).toBe('_acme-challenge.app.acme.test');
    const value = { fqdn, value: newValue() };
    await provider.present(following(), [value]);
    expect(await provider.missing(following(), [value])).toEqual([]);
    expect(await server.query('_acme-challenge.app.example.test', 'TXT')).toEqual([value.value]);
  });

  test('the resolver finds the same CNAME when no name servers are given', async () => {
    const asking = dnsProvider({ http, guard, resolvers: [server.address] });
    const { nameservers: _, ...spec } = following().spec;
    const to = { ...following(), spec };
    expect(await asking.target(to, '_acme-challenge.app.example.test')).toBe('_acme-challenge.app.acme.test');
    expect(await asking.target(to, '_acme-challenge.other.acme.test')).toBe('_acme-challenge.other.acme.test');
  });

  test('eight links are followed, nine are not', async () => {
    expect(await provider.target(following(), '_acme-challenge.l1.example.test')).toBe(
      '_acme-challenge.l9.example.test',
    );
    await expect(provider.target(following(), '_acme-challenge.l0.example.test')).rejects.toMatchObject({
      code: 'CnameLoop',
    });
  });
});

describeWith(['bind', 'knot'], 'propagation', () => {
  let servers: NameServer[];
  let lame: NameServer;
  const lags: string[] = [];
  const watching = dnsProvider({ http, guard, timeout: 400, onLag: ({ server }) => lags.push(server) });
  beforeAll(async () => {
    servers = await Promise.all([startBind(), startBind()]);
    lame = await startKnot({ zones: ['other.test'] });
  });
  afterAll(() => Promise.all([...(servers ?? []), lame].map((server) => server?.stop())));

  const both = (): Dns01Target => {
    const to = updateTarget(servers[0]!);
    return { ...to, spec: { ...to.spec, nameservers: servers.map(({ address }) => address) } };
  };

  test('a value is missing until the slowest server has it, and that server is named', async () => {
    const value = { fqdn: newName(), value: newValue() };
    await watching.present(both(), [value]);
    lags.length = 0;
    expect(await watching.missing(both(), [value])).toEqual([value]);
    expect(lags).toEqual([servers[1]!.address]);
    await servers[1]!.update([`add ${value.fqdn}. 1 TXT "${value.value}"`]);
    expect(await watching.missing(both(), [value])).toEqual([]);
  });

  test('a server that hangs holds the value back and is named; the others are still asked', async () => {
    const value = { fqdn: newName(), value: newValue() };
    for (const server of servers) await server.update([`add ${value.fqdn}. 1 TXT "${value.value}"`]);
    servers[1]!.pause();
    lags.length = 0;
    expect(await watching.missing(both(), [value])).toEqual([value]);
    expect(lags).toEqual([servers[1]!.address]);
    servers[1]!.resume();
    expect(await watching.missing(both(), [value])).toEqual([]);
  });

  test('an answer too large for UDP is asked again by TCP', async () => {
    const fqdn = newName();
    const values = Array.from({ length: 60 }, () => ({ fqdn, value: newValue() }));
    await watching.present(both(), values);
    const to = updateTarget(servers[0]!);
    expect(await watching.missing(to, values)).toEqual([]);
  });

  test('a server that is not authoritative for the name does not count, unless none is', async () => {
    const value = { fqdn: newName(), value: newValue() };
    const asking = (...nameservers: string[]) => ({ ...both(), spec: { ...both().spec, nameservers } });
    await watching.present(both(), [value]);
    expect(await watching.missing(asking(servers[0]!.address, lame.address), [value])).toEqual([]);
    await expect(watching.missing(asking(lame.address), [value])).rejects.toMatchObject({
      code: 'DnsNotAuth',
      retry: false,
    });
  });

  test('without name servers given, those of the zone are asked, on port 53', async () => {
    const resolvers = [servers[0]!.address];
    expect(await recursiveResolver(resolvers, 500).nameServersOf(newName())).toEqual(['ns.example.test']);
    const asked: string[] = [];
    const closed: AddressGuard = {
      resolve: async (host, port) => {
        asked.push(`${host}:${port}`);
        throw new NetError('AddressRefused', 'not here', false);
      },
    };
    const { nameservers: _, ...spec } = both().spec;
    const byZone = dnsProvider({ http, guard: closed, resolvers });
    await expect(
      byZone.missing({ spec, owner: 'team', secrets: {} }, [{ fqdn: newName(), value: newValue() }]),
    ).rejects.toMatchObject({
      code: 'AddressRefused',
    });
    expect(asked).toEqual(['ns.example.test:53']);
  });

  test('a name in no zone, and a resolver that is not there, are told apart', async () => {
    const { address } = servers[0]!;
    await expect(recursiveResolver([address], 500).nameServersOf('_acme-challenge.nowhere')).rejects.toMatchObject({
      code: 'DnsNotZone',
    });
    await expect(recursiveResolver(['127.0.0.1:1'], 100).cname(newName())).rejects.toMatchObject({
      name: 'DnsError',
      code: expect.stringMatching(/^Dns(Unreachable|Timeout)$/),
      retry: true,
    });
  });

  test('when no server is there, the error names each', async () => {
    const gone = { ...both(), spec: { ...both().spec, nameservers: ['127.0.0.1:1', '127.0.0.1:2'] } };
    const error = await watching.missing(gone, [{ fqdn: newName(), value: newValue() }]).catch((caught) => caught);
    expect(error).toMatchObject({ name: 'DnsError', code: 'DnsUnreachable', retry: true });
    expect(error.message).toMatch(/127\.0\.0\.1:1 .*127\.0\.0\.1:2 /);
  });
});

describeWith(['bind'], 'the webhook', () => {
  let zone: NameServer;
  let receiver: WebhookReceiver;
  beforeAll(async () => {
    zone = await startBind();
    receiver = await startWebhookReceiver(zone);
  });
  afterAll(async () => void (await Promise.all([receiver?.close(), zone?.stop()])));

  const to = (secrets = {}): Dns01Target => ({
    spec: { webhook: { url: `${receiver.url}/` } },
    owner: 'team',
    secrets,
  });

  test('is sent the fully qualified name, the value and the bearer token', async () => {
    const token = newValue();
    const value = { fqdn: newName(), value: newValue() };
    await provider.present(to({ tokenSecretRef: `${token}\n` }), [value]);
    expect(receiver.calls.at(-1)).toEqual({
      path: '/dns/present',
      authorization: `Bearer ${token}`,
      body: { fqdn: `${value.fqdn}.`, value: value.value },
    });
    await provider.cleanUp(to(), [value]);
    expect(receiver.calls.at(-1)).toMatchObject({ path: '/dns/cleanup', authorization: undefined });
  });

  test('is called for at most eight values at once', async () => {
    const values = Array.from({ length: 30 }, () => ({ fqdn: newName(), value: newValue() }));
    await provider.present(to(), values);
    expect(receiver.mostAtOnce()).toBeGreaterThan(1);
    expect(receiver.mostAtOnce()).toBeLessThanOrEqual(8);
  });

  test.each([
    [403, false],
    [503, true],
    [429, true],
    [302, false],
  ])('that answers %i is WebhookRefused, without its body', async (status, retry) => {
    const body = newValue();
    receiver.fail({ status, body, location: 'http://127.0.0.1:1/' });
    const error = await provider.present(to(), [{ fqdn: newName(), value: newValue() }]).catch((caught) => caught);
    receiver.fail(undefined);
    expect(error).toMatchObject({ name: 'DnsError', code: 'WebhookRefused', retry });
    expect(error.message).toContain(String(status));
    expect(error.message).not.toContain(body);
  });

  test('that is not there, or not allowed, is WebhookUnreachable', async () => {
    const values = [{ fqdn: newName(), value: newValue() }];
    const nobody = { spec: { webhook: { url: 'http://127.0.0.1:1' } }, owner: 'team', secrets: {} };
    await expect(provider.present(nobody, values)).rejects.toMatchObject({ code: 'WebhookUnreachable', retry: true });
    const strict = httpClient({ allow: [] });
    await expect(dnsProvider({ http: strict, guard }).present(to(), values)).rejects.toMatchObject({
      code: 'WebhookUnreachable',
      retry: false,
    });
    await strict.close();
  });
});
