import type { Route53Client } from '@aws-sdk/client-route-53';
import { describe, expect, test } from 'vitest';
import { dnsProviders } from '../../../lib/adapters/dnsProviders.ts';
import { route53DnsProvider } from '../../../lib/adapters/route53/dnsProvider.ts';
import { quotedValue } from '../../../lib/adapters/route53/recordSets.ts';
import { type AwsPlace, RoleRefused } from '../../../lib/adapters/sts/assumedRole.ts';
import type { Dns01Target, DnsProvider, TxtValue } from '../../../lib/ports/dnsProvider.ts';
import { scriptedClient, serviceError } from '../../support/aws.ts';

const to: Dns01Target = { spec: { route53: { hostedZoneID: 'Z1' } }, owner: 'team', secrets: {} };
const anyZone: Dns01Target = { spec: { route53: {} }, owner: 'team', secrets: {} };
const value = (name: string, text = 'text'): TxtValue => ({
  fqdn: `_acme-challenge.${name}.example.test`,
  value: text,
});

/** DNS that must not be asked, or that answers as it is told. */
const dnsOf = (missing: DnsProvider['missing'] = async () => Promise.reject(new Error('DNS was asked'))) => ({
  target: async (_: Dns01Target, fqdn: string) => fqdn,
  missing,
});

function open(
  script: Parameters<typeof scriptedClient>[0],
  more: { now?: () => number; missing?: DnsProvider['missing'] } = {},
) {
  const { client, sent } = scriptedClient<Route53Client>(script);
  const provider = route53DnsProvider({
    client: () => client,
    dns: dnsOf(more.missing),
    random: () => 0,
    ...(more.now && { now: more.now }),
  });
  return { provider, sent, commands: () => sent.map(({ command }) => command.replace('Command', '')) };
}

const changed = (Id = '/change/C1') => ({ ChangeInfo: { Id, Status: 'PENDING' } });
const invalidBatch = (...messages: string[]) => serviceError('InvalidChangeBatch', '', { messages });
const exists = ({ fqdn }: TxtValue) =>
  invalidBatch(`Tried to create resource record set [name='${fqdn}.', type='TXT'] but it already exists`);
const standing = ({ fqdn }: TxtValue, ...values: string[]) => ({
  ResourceRecordSets: [
    { Name: `${fqdn}.`, Type: 'TXT', TTL: 60, ResourceRecords: values.map((text) => ({ Value: quotedValue(text) })) },
  ],
});

/** The changes of a request, as `CREATE name: values`. */
const changesIn = ({ input }: { readonly input: Record<string, unknown> }): string[] => {
  const { Changes } = input.ChangeBatch as { Changes: { Action: string; ResourceRecordSet: never }[] };
  return Changes.map(({ Action, ResourceRecordSet }) => {
    const { Name, ResourceRecords } = ResourceRecordSet as { Name: string; ResourceRecords: { Value: string }[] };
    return `${Action} ${Name} ${ResourceRecords.map(({ Value }) => Value).join(' ')}`;
  });
};

describe('a change, by a scripted client', () => {
  test("is made by the role that the solver names, which is assumed for the issuer's owner", async () => {
    const places: AwsPlace[] = [];
    const { client } = scriptedClient<Route53Client>([changed(), changed(), changed()]);
    const clientAt = (place: AwsPlace) => {
      places.push(place);
      return client;
    };
    const provider = route53DnsProvider({ client: clientAt, dns: dnsOf() });
    const role = 'arn:aws:iam::111122223333:role/dns';
    const theirs = { ...to, spec: { route53: { hostedZoneID: 'Z1', role } } };
    await provider.present({ ...theirs, owner: 'payments' }, [value('a')]);
    await provider.present({ ...theirs, owner: '-' }, [value('b')]);
    await provider.present(to, [value('c')]);
    expect(places).toEqual([
      { roleArn: role, externalId: 'team/payments' },
      { roleArn: role, externalId: 'shared' },
      {},
    ]);
  });

  test('is one request for all names of an order, a wildcard and its apex in one set, with nothing read before', async () => {
    const { provider, sent, commands } = open([changed()]);
    await provider.present(to, [value('a', 'apex'), value('b'), value('a', 'wildcard')]);
    expect(commands()).toEqual(['ChangeResourceRecordSets']);
    expect(changesIn(sent[0]!)).toEqual([
      'CREATE _acme-challenge.a.example.test. "apex" "wildcard"',
      'CREATE _acme-challenge.b.example.test. "text"',
    ]);
  });

  test('reads the name that Route 53 complains of, and swaps what it read for the new set', async () => {
    const { provider, sent, commands } = open([exists(value('b')), standing(value('b'), 'theirs'), changed()]);
    await provider.present(to, [value('a'), value('b')]);
    expect(commands()).toEqual(['ChangeResourceRecordSets', 'ListResourceRecordSets', 'ChangeResourceRecordSets']);
    expect(changesIn(sent[2]!)).toEqual([
      'CREATE _acme-challenge.a.example.test. "text"',
      'DELETE _acme-challenge.b.example.test. "theirs"',
      'CREATE _acme-challenge.b.example.test. "theirs" "text"',
    ]);
  });

  test('reads again when another writer was first again', async () => {
    const lost = invalidBatch(
      "Tried to delete resource record set [name='_acme-challenge.a.example.test.', type='TXT'] but the values provided do not match the current values",
    );
    const script = [
      exists(value('a')),
      standing(value('a'), 'one'),
      lost,
      standing(value('a'), 'one', 'two'),
      changed(),
    ];
    const { provider, sent } = open(script);
    await provider.present(to, [value('a', 'ours')]);
    expect(changesIn(sent[4]!)).toEqual([
      'DELETE _acme-challenge.a.example.test. "one" "two"',
      'CREATE _acme-challenge.a.example.test. "one" "two" "ours"',
    ]);
  });

  test('is given up when others are always first, to be tried again', async () => {
    const script = Array.from({ length: 6 }, (_, index) => [
      exists(value('a')),
      standing(value('a'), `${index}`),
    ]).flat();
    const { provider, sent } = open(script);
    await expect(provider.present(to, [value('a', 'ours')])).rejects.toMatchObject({
      code: 'DnsConflict',
      retry: true,
    });
    expect(sent).toHaveLength(12);
  });

  test('that is not made whatever stands there is refused with the reason of Route 53', async () => {
    const broken = () => invalidBatch('Value is not valid for this record set');
    const nothing = { ResourceRecordSets: [] };
    const { provider } = open([broken(), nothing, broken(), nothing]);
    await expect(provider.present(to, [value('a')])).rejects.toMatchObject({
      code: 'DnsRefused',
      retry: false,
      message: expect.stringContaining('not valid for this record set'),
    });
  });

  test('is not repeated beside a CNAME, nor in a zone that does not hold the name', async () => {
    const cname = invalidBatch(
      'RRSet of type TXT with DNS name _acme-challenge.a.example.test. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone example.test.',
    );
    const foreign = invalidBatch(
      'RRSet with DNS name _acme-challenge.a.example.test. is not permitted in zone other.test.',
    );
    const { provider, sent } = open([cname, foreign]);
    await expect(provider.present(to, [value('a'), value('b')])).rejects.toMatchObject({
      code: 'CnameInTheWay',
      message: expect.stringMatching(/at _acme-challenge\.a\.example\.test:/),
    });
    await expect(provider.present(to, [value('a')])).rejects.toMatchObject({ code: 'DnsNotZone', retry: false });
    expect(sent).toHaveLength(2);
  });

  test('of what is there already is none', async () => {
    const { provider, commands } = open([exists(value('a')), standing(value('a'), 'theirs', 'text')]);
    await provider.present(to, [value('a')]);
    expect(commands()).toEqual(['ChangeResourceRecordSets', 'ListResourceRecordSets']);
  });

  test('that cleans up guesses that nothing but ours stands there, and otherwise leaves the rest', async () => {
    const absent = invalidBatch(
      "Tried to delete resource record set [name='_acme-challenge.b.example.test.', type='TXT'] but it was not found",
    );
    const { provider, sent } = open([changed(), absent, standing(value('b'), 'theirs', 'text'), changed()]);
    await provider.cleanUp(to, [value('a')]);
    expect(changesIn(sent[0]!)).toEqual(['DELETE _acme-challenge.a.example.test. "text"']);
    await provider.cleanUp(to, [value('b')]);
    expect(changesIn(sent[3]!)).toEqual([
      'DELETE _acme-challenge.b.example.test. "theirs" "text"',
      'CREATE _acme-challenge.b.example.test. "theirs"',
    ]);
  });

  test('of a zone waits for the one before it', async () => {
    let running = 0;
    const slowly = async () => {
      expect(++running).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return changed();
    };
    const { provider, sent } = open([slowly, slowly, slowly]);
    await Promise.all(['a', 'b', 'c'].map((name) => provider.present(to, [value(name)])));
    expect(sent).toHaveLength(3);
  });

  test.each([
    ['Throttling', 'DnsThrottled', true],
    ['PriorRequestNotComplete', 'DnsThrottled', true],
    ['NoSuchHostedZone', 'DnsNotZone', false],
    ['AccessDenied', 'DnsRefused', false],
    ['ExpiredToken', 'DnsRefused', false],
    ['InvalidInput', 'DnsRefused', false],
  ])('that fails with %s throws %s', async (name, code, retry) => {
    const { provider } = open([serviceError(name)]);
    await expect(provider.present(to, [value('a')])).rejects.toMatchObject({ name: 'DnsError', code, retry });
  });

  test('that fails on the way throws what can be tried again, and a fault of our own as it is', async () => {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    const fault = serviceError('InternalError', 'oops', { $metadata: { httpStatusCode: 500 } });
    const { provider } = open([reset, fault, new RoleRefused('no'), new TypeError('a bug')]);
    const present = () => provider.present(to, [value('a')]);
    await expect(present()).rejects.toMatchObject({ code: 'DnsUnreachable', retry: true });
    await expect(present()).rejects.toMatchObject({ code: 'DnsServFail', retry: true });
    await expect(present()).rejects.toMatchObject({ code: 'DnsRefused', message: expect.stringContaining('role') });
    await expect(present()).rejects.toThrow(TypeError);
  });

  test('says which action is not allowed, and not to whom', async () => {
    const sentence =
      'User: arn:aws:sts::111122223333:assumed-role/ours/x is not authorized to perform: route53:ChangeResourceRecordSets on resource: y';
    const { provider } = open([serviceError('AccessDenied', sentence)]);
    const error: Error = await provider.present(to, [value('a')]).catch((thrown) => thrown);
    expect(error.message).toContain('route53:ChangeResourceRecordSets');
    expect(error.message).not.toContain('assumed-role');
  });
});

describe('what is missing, by a scripted client', () => {
  const status = (Status: string) => ({ ChangeInfo: { Id: '/change/C1', Status } });

  test('is what Route 53 has not brought to all its servers, asked once a change', async () => {
    const values = [value('a'), value('b')];
    const script = [changed(), status('PENDING'), status('PENDING'), status('INSYNC')];
    let now = 0;
    const { provider, sent, commands } = open(script, { now: () => now });
    await provider.present(to, values);
    expect(await provider.missing(to, values)).toEqual(values);
    // Within half a second it is not asked again.
    now = 499;
    expect(await provider.missing(to, values)).toEqual(values);
    now = 500;
    expect(await provider.missing(to, values)).toEqual(values);
    now = 1000;
    expect(await provider.missing(to, values)).toEqual([]);
    expect(await provider.missing(to, values)).toEqual([]);
    expect(commands()).toEqual(['ChangeResourceRecordSets', 'GetChange', 'GetChange', 'GetChange']);
    expect(sent[1]!.input).toEqual({ Id: 'C1' });
  });

  test('is asked of the zone and then of its servers, when no change is known or Route 53 has forgotten it', async () => {
    const asked: TxtValue[][] = [];
    const missing = async (_: Dns01Target, values: readonly TxtValue[]) => {
      asked.push([...values]);
      return [...values];
    };
    const [a, b] = [value('a'), value('b')];
    const script = [changed(), serviceError('NoSuchChange'), standing(a, 'text'), { ResourceRecordSets: [] }];
    const { provider } = open(script, { missing });
    await provider.present(to, [a]);
    expect(await provider.missing(to, [a, b])).toEqual([a, b]);
    expect(asked).toEqual([[a]]);
  });

  test('is not settled by a change that was taken back', async () => {
    const { provider } = open([changed(), changed('/change/C2'), { ResourceRecordSets: [] }], {
      missing: async () => [],
    });
    await provider.present(to, [value('a')]);
    await provider.cleanUp(to, [value('a')]);
    expect(await provider.missing(to, [value('a')])).toEqual([value('a')]);
  });
});

describe('the zone of a name, by a scripted client', () => {
  const zone = (Id: string, Name: string, PrivateZone = false) => ({
    Id: `/hostedzone/${Id}`,
    Name,
    Config: { PrivateZone },
  });

  test('is looked for in all pages, and the list is kept for a minute', async () => {
    let now = 0;
    const pages = [
      { HostedZones: [zone('Z1', 'test.'), zone('Z2', 'a.example.test.', true)], IsTruncated: true, NextMarker: 'M' },
      { HostedZones: [zone('Z3', 'Example.TEST.'), zone('Z4', 'ample.test.')], IsTruncated: false },
    ];
    const { provider, sent, commands } = open([...pages, changed(), changed(), ...pages, changed()], {
      now: () => now,
    });
    await provider.present(anyZone, [value('a')]);
    expect(sent[1]!.input).toEqual({ Marker: 'M' });
    expect(sent[2]!.input.HostedZoneId).toBe('Z3');
    await provider.present(anyZone, [value('b')]);
    now = 60_000;
    await provider.present(anyZone, [value('c')]);
    expect(commands()).toEqual([
      ...['ListHostedZones', 'ListHostedZones', 'ChangeResourceRecordSets', 'ChangeResourceRecordSets'],
      ...['ListHostedZones', 'ListHostedZones', 'ChangeResourceRecordSets'],
    ]);
  });

  test('is looked for again after a failure', async () => {
    const list = { HostedZones: [zone('Z1', 'example.test.')] };
    const { provider } = open([serviceError('Throttling'), list, changed()]);
    await expect(provider.present(anyZone, [value('a')])).rejects.toMatchObject({ code: 'DnsThrottled' });
    await provider.present(anyZone, [value('a')]);
  });
});

test('a solver for Route 53 is refused where there is no access to it, and every other goes its way', async () => {
  const dns = { ...dnsOf(), present: async () => {}, cleanUp: async () => {} };
  const provider = dnsProviders({ dns });
  await expect(provider.present(to, [value('a')])).rejects.toMatchObject({ code: 'SolverNotServed', retry: false });
  expect(
    await provider.target({ spec: { webhook: { url: 'https://dns.example' } }, owner: 'team', secrets: {} }, 'a.test'),
  ).toBe('a.test');
});
