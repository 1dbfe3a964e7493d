import type { Server } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AcmeAccount, AcmeEndpoint } from '../../../lib/ports/acmeServer.ts';
import { newAcme, newSigner, type Ordering, obtain, startHttp01 } from '../../support/acmeClient.ts';
import { type FaultyCa, startFaultyCa } from '../../support/faultyCa.ts';
import { type Challtestsrv, startChalltestsrv } from '../../support/peers/challtestsrv.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { type Pebble, startPebble } from '../../support/peers/pebble.ts';

const agreed = { contact: [], termsOfServiceAgreed: true };
const order = (value: string) => ({ identifiers: [{ type: 'dns' as const, value }], profile: 'default' });

describeWith(['pebble'], 'a CA that refuses nonces', () => {
  it.each([15, 50])('at %i % of requests still issues', async (nonceReject) => {
    const acme = newAcme();
    const dns: Challtestsrv = await startChalltestsrv();
    const pebble = await startPebble({ dnsServer: dns.address, nonceReject });
    const web: { tokens: Map<string, string>; server: Server } = await startHttp01(pebble.httpPort);
    try {
      const endpoint = { server: pebble.directoryUrl, caBundle: pebble.caPem };
      const signer = newSigner();
      const { url } = await acme.register(endpoint, signer, agreed);
      const ordering: Ordering = {
        acme,
        endpoint,
        account: { signer, url },
        type: 'http-01',
        present: (_authorization, challenge, value) => void web.tokens.set(challenge.token!, value),
      };
      const issued = await Promise.all(
        Array.from({ length: 8 }, (_, i) => obtain(ordering, [`n${i}.example.test`], { profile: 'default' })),
      );
      expect(issued.map(({ order: { status } }) => status)).toEqual(Array(8).fill('valid'));
    } finally {
      await acme.http.close();
      web.server.close();
      await Promise.all([pebble.stop(), dns.stop()]);
    }
  });
});

describeWith(['pebble'], 'a CA behind a front that fails', () => {
  let acme: ReturnType<typeof newAcme>;
  let pebble: Pebble;
  let front: FaultyCa;
  let endpoint: AcmeEndpoint;
  let account: AcmeAccount;

  beforeAll(async () => {
    pebble = await startPebble({ authzReuse: 0 });
  });
  afterAll(() => pebble?.stop());
  beforeEach(async () => {
    acme = newAcme({ timeout: 2000 });
    front = await startFaultyCa(pebble);
    endpoint = { server: front.directoryUrl, caBundle: front.caPem };
    const signer = newSigner();
    account = { signer, url: (await acme.register(endpoint, signer, agreed)).url };
  });
  afterEach(async () => {
    await acme.http.close();
    await front.close();
  });

  const place = (name = 'a.example.test') => acme.newOrder(endpoint, account, order(name));
  const posts = () =>
    front.seen.filter(({ method, path }) => method === 'POST' && path.startsWith('/order-plz')).length;
  const problem = (type: string, detail: string) => ({
    headers: { 'content-type': 'application/problem+json', 'replay-nonce': 'bm9uY2U' },
    body: JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail }),
  });

  it('asks for the directory once, for one nonce, and reuses connections and nonces after that', async () => {
    for (let i = 0; i < 5; i++) await place(`n${i}.example.test`);
    const lines = front.seen.map(({ method, path }) => `${method} ${path}`);
    expect(lines).toEqual(['GET /dir', 'HEAD /nonce-plz', 'POST /sign-me-up', ...Array(5).fill('POST /order-plz')]);
  });

  it('says at once when a rate limit ends, in seconds or as a date', async () => {
    const { headers, body } = problem('rateLimited', 'too many certificates already issued');
    front.inject(/order-plz/, { answer: { status: 429, headers: { ...headers, 'retry-after': '3600' }, body } });
    const error = await place().catch((thrown) => thrown);
    expect(error).toMatchObject({
      accepted: 'no',
      failure: { class: 'atTime', problem: { type: 'rateLimited', detail: 'too many certificates already issued' } },
    });
    const wait = Date.parse(error.failure.retryAt) - Date.now();
    expect(wait).toBeGreaterThan(3_500_000);
    const date = new Date(Date.now() + 7_200_000).toUTCString();
    front.inject(/order-plz/, { answer: { status: 503, headers: { 'retry-after': date } } });
    const later = await place().catch((thrown) => thrown);
    expect(later).toMatchObject({
      accepted: 'no',
      failure: { class: 'atTime', problem: { type: 'serverInternal', status: 503 } },
    });
    // Whole seconds from now, rounded up: never before the date, and less than a second after it.
    const late = Date.parse(later.failure.retryAt) - Date.parse(date);
    expect(late >= 0 && late < 1000).toBe(true);
    expect(await place()).toMatchObject({ status: 'pending' });
  });

  it('leaves a paused account to a person', async () => {
    const detail =
      'Your account is temporarily prevented from requesting certificates. Please visit: https://portal.example.test/sfe/v1/unpause?jwt=x';
    front.inject(/order-plz/, { answer: { status: 429, ...problem('rateLimited', detail) } });
    await expect(place()).rejects.toMatchObject({ failure: { class: 'person', problem: { detail } } });
  });

  it('does not echo a proxy page, and cannot know whether the CA acted', async () => {
    front.inject(/order-plz/, {
      answer: { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>secret</h1>' },
    });
    const error = await place().catch((thrown) => thrown);
    expect(error).toMatchObject({
      accepted: 'unknown',
      failure: { class: 'backoff', problem: { type: 'serverInternal' } },
    });
    expect(JSON.stringify(error) + error.message).not.toContain('secret');
  });

  it.each([
    ['no JSON', 'garbage', 'the answer is not JSON'],
    ['an array', '[]', 'the order is not a JSON object'],
    ['an unknown status', '{"status":"great"}', 'the order\'s "status" is not one of'],
    [
      'no finalize',
      '{"status":"pending","identifiers":[],"authorizations":[]}',
      'the order\'s "finalize" is not an absolute',
    ],
  ])('says what is wrong with an order that is %s', async (_, body, detail) => {
    const headers = { location: 'https://127.0.0.1/o', 'content-type': 'application/json' };
    front.inject(/order-plz/, { answer: { status: 201, headers, body } });
    await expect(place()).rejects.toMatchObject({
      accepted: 'unknown',
      failure: { class: 'configuration', problem: { type: 'caMalformed', detail: expect.stringContaining(detail) } },
    });
  });

  it('does not follow the CA from https to http', async () => {
    const asked = acme.order(endpoint, account, 'http://127.0.0.1:1/order');
    await expect(asked).rejects.toMatchObject({ failure: { problem: { type: 'caMalformed' } } });
  });

  describe('and cuts connections', () => {
    it('places one order when the request was lost on its way', async () => {
      await place('warm.example.test');
      front.inject(/POST \/order-plz/, { cut: 'before' });
      expect(await place()).toMatchObject({ status: 'pending' });
      expect(posts()).toBe(3);
    });

    it('places one order when the answer was lost: the nonce of the second copy is spent', async () => {
      front.inject(/POST \/order-plz/, { cut: 'after' });
      await expect(place()).rejects.toMatchObject({
        accepted: 'unknown',
        failure: { class: 'backoff', problem: { type: 'caUnreachable' } },
      });
      expect(posts()).toBe(2);
    });

    it('asks again for what changes nothing when the answer was lost', async () => {
      const { url } = await place();
      front.inject(/POST \/my-order/, { cut: 'after' });
      expect(await acme.order(endpoint, account, url)).toMatchObject({ status: 'pending' });
    });

    it('gives up when the second copy is lost too', async () => {
      front.inject(/POST \/order-plz/, { cut: 'after' }, 2);
      await expect(place()).rejects.toMatchObject({
        accepted: 'unknown',
        failure: { class: 'backoff', problem: { type: 'caUnreachable' } },
      });
    });
  });

  it('gives up after the time limit, and cannot know whether the CA acted', async () => {
    acme = newAcme({ http: acme.http, timeout: 100 });
    await acme.meta(endpoint);
    front.inject(/POST \/order-plz/, { stall: true });
    await expect(place()).rejects.toMatchObject({
      accepted: 'unknown',
      failure: { class: 'backoff', problem: { type: 'caTimeout' } },
    });
  });
});

describeWith(['pebble'], 'an address that is no CA', () => {
  const acme = newAcme({ timeout: 300 });
  let pebble: Pebble;
  beforeAll(async () => {
    pebble = await startPebble();
  });
  afterAll(async () => {
    await acme.http.close();
    await pebble?.stop();
  });
  const meta = (server: string, caBundle?: string) => acme.meta({ server, ...(caBundle ? { caBundle } : {}) });

  it('with a certificate that is not trusted is a matter of configuration; skipTLSVerify goes on', async () => {
    await expect(meta(pebble.directoryUrl)).rejects.toMatchObject({
      action: 'directory',
      accepted: 'no',
      failure: { class: 'configuration', problem: { type: 'caTlsUntrusted' } },
    });
    expect(await acme.meta({ server: pebble.directoryUrl, skipTLSVerify: true })).toHaveProperty('profiles');
  });

  it('that answers something else is no directory', async () => {
    const root = `${pebble.managementUrl}/roots/0`;
    await expect(meta(root, pebble.caPem)).rejects.toMatchObject({
      failure: { class: 'configuration', problem: { type: 'caMalformed', detail: 'the answer is not JSON' } },
    });
    await expect(meta(pebble.directoryUrl.replace(/dir$/, 'nothing'), pebble.caPem)).rejects.toMatchObject({
      failure: { problem: { type: 'caMalformed', detail: 'this is no ACME directory: it answered 404' } },
    });
  });

  it('where nothing listens is unreachable', async () => {
    await expect(meta('https://127.0.0.1:1/dir')).rejects.toMatchObject({
      accepted: 'no',
      failure: { class: 'backoff', problem: { type: 'caUnreachable' } },
    });
  });

  it('that is private and was not allowed is refused', async () => {
    const { httpClient } = await import('../../../lib/adapters/net/client.ts');
    const guarded = newAcme({ http: httpClient({ allow: [] }) });
    await expect(guarded.meta({ server: pebble.directoryUrl })).rejects.toMatchObject({
      failure: { class: 'configuration', problem: { type: 'caAddressRefused' } },
    });
  });

  it('that is held still times out, and answers when it goes on', async () => {
    pebble.pause();
    try {
      await expect(meta(pebble.directoryUrl, pebble.caPem)).rejects.toMatchObject({
        failure: { class: 'backoff', problem: { type: 'caTimeout' } },
      });
    } finally {
      pebble.resume();
    }
    expect(await meta(pebble.directoryUrl, pebble.caPem)).toHaveProperty('profiles');
  });
});
