import { describe, expect, test } from 'vitest';
import { route53Clients } from '../../../lib/adapters/route53/clients.ts';
import { route53DnsProvider } from '../../../lib/adapters/route53/dnsProvider.ts';
import type { Dns01Target } from '../../../lib/ports/dnsProvider.ts';

const to: Dns01Target = { spec: { route53: { hostedZoneID: 'Z1' } }, owner: 'team', secrets: {} };
const value = { fqdn: '_acme-challenge.a.example.test', value: 'text' };
const dns = { target: async (_: Dns01Target, fqdn: string) => fqdn, missing: async () => [] };

/** A real client of the SDK whose requests are answered by script, to see what it repeats itself. */
function overTheWire(...answers: readonly (readonly [number, string])[]) {
  const requests: string[] = [];
  const requestHandler = {
    handle: async ({ method, path }: { method: string; path: string }) => {
      const [statusCode, body] = answers[requests.length]!;
      requests.push(`${method} ${path}`);
      return { response: { statusCode, headers: { 'content-type': 'text/xml' }, body: new Blob([body]).stream() } };
    },
  };
  const config = { region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, requestHandler };
  const client = route53Clients({ config: config as never, sts: {} as never, sessionName: 's' });
  return { provider: route53DnsProvider({ client, dns }), requests };
}

const refusal = (code: string) =>
  `<?xml version="1.0"?><ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>${code}</Code><Message>Rate exceeded</Message></Error><RequestId>1</RequestId></ErrorResponse>`;
const accepted =
  '<?xml version="1.0"?><ChangeResourceRecordSetsResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status><SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt></ChangeInfo></ChangeResourceRecordSetsResponse>';

describe('the SDK, over a scripted wire', () => {
  test('repeats what is throttled and what meets an unfinished change', async () => {
    const { provider, requests } = overTheWire(
      [400, refusal('Throttling')],
      [400, refusal('PriorRequestNotComplete')],
      [200, accepted],
    );
    await provider.present(to, [value]);
    expect(requests).toEqual(Array(3).fill('POST /2013-04-01/hostedzone/Z1/rrset'));
  });

  test('gives up after four tries, and it can be tried again later', async () => {
    const { provider, requests } = overTheWire(...Array(9).fill([400, refusal('Throttling')]));
    await expect(provider.present(to, [value])).rejects.toMatchObject({ code: 'DnsThrottled', retry: true });
    expect(requests).toHaveLength(4);
  });

  test('tells the reasons of a refused change', async () => {
    const messages =
      '<?xml version="1.0"?><InvalidChangeBatch xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Messages><Message>RRSet with DNS name _acme-challenge.a.example.test. is not permitted in zone other.test.</Message></Messages><RequestId>1</RequestId></InvalidChangeBatch>';
    const { provider } = overTheWire([400, messages]);
    await expect(provider.present(to, [value])).rejects.toMatchObject({ code: 'DnsNotZone' });
  });
});
