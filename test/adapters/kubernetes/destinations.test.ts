import { beforeAll, describe, expect, it } from 'vitest';
import { kubernetesDestinations } from '../../../lib/adapters/kubernetes/destinations.ts';
import { type HttpClient, type HttpRequest, type HttpResponse, NetError } from '../../../lib/adapters/net/http.ts';
import { contentsMaker, type KeyedContents } from '../../support/certificates.ts';

/** Answers that no real API server gives on demand. */
const answering = (answer: (request: HttpRequest) => HttpResponse): HttpClient => ({
  request: async (request) => answer(request),
  close: async () => {},
});

const reply = (status: number, body: unknown, headers: Record<string, string> = {}): HttpResponse => ({
  status,
  headers,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});

const status = (reason: string, message = 'no') => ({ kind: 'Status', status: 'Failure', reason, message });

describe('kubernetesDestinations', () => {
  let contents: KeyedContents;
  beforeAll(async () => {
    contents = await (await contentsMaker()).make();
  });

  const at = { kind: 'kubernetes', cluster: 'one', namespace: 'web', secretName: 'app' } as const;
  const context = { instance: 'here', certificate: 'team/app' };
  const access = { server: 'https://cluster.example.test', ca: 'CA', token: 'a-token' };
  const push = (http: HttpClient) =>
    kubernetesDestinations({ http, lookup: async () => access }).push(at, contents, context);

  it.each([
    [429, { 'retry-after': '7' }, { class: 'atTime', reason: 'TooManyRequests', retryAfter: 7 }],
    [429, {}, { class: 'atTime', reason: 'TooManyRequests', retryAfter: 1 }],
    [503, { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, { class: 'atTime', retryAfter: 5 }],
    [500, {}, { class: 'backoff', reason: 'Busy' }],
    [504, {}, { class: 'backoff', reason: 'Busy' }],
  ])('takes HTTP status %i as a failure that time may cure', async (code, headers, expected) => {
    const result = await push(answering(() => reply(code, status('Busy'), headers)));
    expect(result).toMatchObject({ outcome: 'failed', ...expected });
  });

  it.each(['Timeout', 'NameUnresolved', 'ConnectionLost', 'TlsFailed', 'BodyTooLarge'])(
    'takes %s as a failure that time may cure',
    async (code) => {
      const http = answering(() => {
        throw new NetError(code, 'no answer', true);
      });
      expect(await push(http)).toMatchObject({ outcome: 'failed', class: 'backoff', reason: code });
    },
  );

  it('gives up for now when the object changes between reading and writing', async () => {
    const found = {
      type: 'kubernetes.io/tls',
      metadata: { uid: 'u', resourceVersion: '9', annotations: { 'chancery.dev/instance': 'here' } },
    };
    const http = answering((request) =>
      request.method === 'GET' ? reply(200, found) : reply(409, status('Conflict')),
    );
    expect(await push(http)).toMatchObject({ outcome: 'failed', class: 'now', reason: 'Conflict' });
  });

  it('confirms nothing when the stored object is not what was sent, as after a mutating webhook', async () => {
    const http = answering((request) => {
      const sent = JSON.parse(String(request.body));
      return reply(201, {
        ...sent,
        data: { ...sent.data, 'tls.key': 'QUFB' },
        metadata: { ...sent.metadata, uid: 'u' },
      });
    });
    const result = await push(http);
    expect(result).toMatchObject({ outcome: 'refused', reason: 'ChangedOnWrite' });
    expect(result).toHaveProperty('message', expect.stringContaining('tls.key'));
  });

  it.each([
    ['a page of HTML', reply(200, '<html>login</html>'), 'NotKubernetes'],
    ['a redirect', reply(302, ''), 'Http302'],
    ['a proxy that refuses', reply(403, '<html>forbidden</html>'), 'Forbidden'],
  ])('refuses %s as an answer', async (_, answer, reason) => {
    const result = await push(answering(() => answer));
    expect(result).toMatchObject({ outcome: 'refused', reason });
    expect(JSON.stringify(result)).not.toContain('html');
  });

  it("passes on an admission webhook's words, but no key that they repeat", async () => {
    const message = `admission webhook "w" denied the request: bad key ${contents.key} and ${Buffer.from(contents.key).toString('base64')}`;
    const result = await push(answering(() => reply(403, status('Forbidden', message))));
    expect(result).toMatchObject({ outcome: 'refused', reason: 'Forbidden' });
    expect(result).toHaveProperty('message', expect.stringContaining('admission webhook "w" denied the request'));
    expect(JSON.stringify(result)).not.toMatch(/PRIVATE|[A-Za-z0-9+/]{40}/);
  });

  it('trusts the CA of the cluster alone, and sends token, precondition and field manager', async () => {
    let sent: HttpRequest | undefined;
    await push(
      answering((request) => {
        sent = request;
        return reply(500, '');
      }),
    );
    expect(sent).toMatchObject({
      method: 'PATCH',
      url: 'https://cluster.example.test/api/v1/namespaces/web/secrets/app?fieldManager=chancery-here',
      ca: 'CA',
      headers: { authorization: 'Bearer a-token', 'content-type': 'application/apply-patch+yaml' },
    });
    expect(sent?.insecureSkipVerify).toBeUndefined();
    expect(JSON.parse(String(sent?.body)).metadata.resourceVersion).toBe('1');
  });
});
