import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Api } from '../../functions/api/api.ts';
import { type ApiRequest, LARGEST_BODY } from '../../functions/api/request.ts';
import { type ApiListener, apiListener } from '../../server/apiListener.ts';
import { makeAuthority, type TestAuthority } from '../support/authority.ts';

const HOST = '127.0.0.1';

describe('the API listener', () => {
  let authority: TestAuthority;
  let listener: ApiListener;
  const seen: ApiRequest[] = [];
  beforeAll(async () => {
    authority = await makeAuthority('Listener Test CA');
  });
  afterEach(async () => {
    await listener.close();
    seen.length = 0;
  });

  /** Answers what it was sent; keeps what it saw. */
  const echo: Api = async (request) => {
    seen.push(request);
    const status = request.body.length > LARGEST_BODY ? 413 : 200;
    const body = request.method === 'HEAD' ? '' : `${request.method} ${request.body.length}`;
    return { status, headers: { 'content-type': 'text/plain', 'x-test': 'yes' }, body };
  };
  const plain = async (handle: Api = echo) => {
    listener = await apiListener({ host: HOST, port: 0, handle });
    return listener.url;
  };
  const pair = async () => {
    const { certPem, keyPem } = await authority.issue({
      subject: 'CN=api',
      names: ['localhost', HOST],
      usage: 'server',
    });
    return { cert: certPem, key: keyPem };
  };

  test('hands requests on as the API wants them, and its answers back', async () => {
    const url = await plain();
    const body = JSON.stringify({ a: 'b' });
    const answer = await fetch(`${url}/v1/teams/a%20b?x=1&y=%3f?`, {
      method: 'PUT',
      body,
      headers: { 'If-Match': '"1"' },
    });
    expect([answer.status, await answer.text(), answer.headers.get('x-test')]).toEqual([200, 'PUT 9', 'yes']);
    expect(seen[0]).toMatchObject({ method: 'PUT', path: '/v1/teams/a%20b', query: 'x=1&y=%3f?', loopback: true });
    expect(seen[0]!.headers['if-match']).toBe('"1"');
    expect(Buffer.from(seen[0]!.body).toString()).toBe(body);
  });

  test('answers HEAD without a body and without a length that GET would not have', async () => {
    const answer = await fetch(`${await plain()}/healthz`, { method: 'HEAD' });
    expect([answer.status, answer.headers.get('content-length')]).toEqual([200, null]);
  });

  test('lets a client that sends too much see its answer, and keeps nothing of the body', async () => {
    const url = await plain();
    for (const octets of [LARGEST_BODY + 1, 4 * 1024 * 1024]) {
      const answer = await fetch(url, { method: 'PUT', body: new Uint8Array(octets) });
      expect(answer.status).toBe(413);
    }
    expect(seen.map(({ body }) => body.length)).toEqual([LARGEST_BODY + 1, LARGEST_BODY + 1]);
    const most = await fetch(url, { method: 'PUT', body: new Uint8Array(LARGEST_BODY) });
    expect(await most.text()).toBe(`PUT ${LARGEST_BODY}`);
  });

  test('refuses headers over 16 KiB', async () => {
    const answer = await fetch(await plain(), { headers: { 'x-long': 'x'.repeat(20_000) } });
    expect(answer.status).toBe(431);
    expect(seen).toEqual([]);
  });

  test('answers nonsense with 400 and goes on', async () => {
    const url = await plain();
    const socket = connect(listener.port, HOST);
    socket.write('this is not HTTP\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
    expect((await fetch(url)).status).toBe(200);
  });

  test('tells the API when the client goes away', async () => {
    let aborted: () => void;
    const gone = new Promise<void>((resolve) => {
      aborted = resolve;
    });
    await plain(
      (request) =>
        new Promise((resolve) => {
          request.signal!.addEventListener('abort', () => {
            aborted();
            resolve({ status: 200, headers: {}, body: '' });
          });
        }),
    );
    const socket = connect(listener.port, HOST);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'connect');
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    await gone;
  });

  test('closes cleanly: what is held back is told to end, and is still answered', async () => {
    let held: () => void;
    const begun = new Promise<void>((resolve) => {
      held = resolve;
    });
    await plain(
      (request) =>
        new Promise((resolve) => {
          held();
          request.signal!.addEventListener('abort', () => resolve({ status: 200, headers: {}, body: 'ended' }));
        }),
    );
    const answer = fetch(listener.url);
    await begun;
    await listener.close();
    expect(await (await answer).text()).toBe('ended');
    await expect(fetch(listener.url)).rejects.toThrow();
    listener = await apiListener({ host: HOST, port: 0, handle: echo });
  });

  test('says that its port is in use', async () => {
    await plain();
    await expect(apiListener({ host: HOST, port: listener.port, handle: echo })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  describe('with TLS', () => {
    /** On a connection and a session of its own: an earlier one would show the certificate of its time. */
    const ask = () =>
      new Promise<{ status: number | undefined; serial: string }>((resolve, reject) => {
        const agent = new Agent({ keepAlive: false, maxCachedSessions: 0, ca: authority.certPem });
        const sent = httpsRequest({ host: HOST, port: listener.port, agent }, (response) => {
          const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate();
          response.resume().once('end', () => resolve({ status: response.statusCode, serial: serialNumber }));
        });
        sent.once('error', reject).end();
      });

    test('serves another certificate without a restart, and keeps the old one when a new one does not fit', async () => {
      const [first, second] = [await pair(), await pair()];
      listener = await apiListener({ host: HOST, port: 0, tls: first, handle: echo });
      expect(listener.url).toBe(`https://${HOST}:${listener.port}`);
      const before = await ask();
      listener.setCertificate(second.cert, second.key);
      const after = await ask();
      expect([before.status, after.status]).toEqual([200, 200]);
      expect(after.serial).not.toBe(before.serial);
      expect(() => listener.setCertificate(first.cert, second.key)).toThrow();
      expect((await ask()).serial).toBe(after.serial);
    });

    test('speaks no TLS older than 1.2', async () => {
      listener = await apiListener({ host: HOST, port: 0, tls: await pair(), handle: echo });
      const options = { host: HOST, port: listener.port, ca: authority.certPem, maxVersion: 'TLSv1.1' } as const;
      // OpenSSL offers such old versions only at security level 0.
      const socket = tlsConnect({ ...options, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' });
      const [error] = await once(socket, 'error');
      expect((error as NodeJS.ErrnoException).code).toMatch(/^ERR_SSL_/);
    });

    test('does not take plain HTTP', async () => {
      listener = await apiListener({ host: HOST, port: 0, tls: await pair(), handle: echo });
      const sent = httpRequest({ host: HOST, port: listener.port }).end();
      const [error] = await once(sent, 'error');
      expect(error).toBeInstanceOf(Error);
      expect(seen).toEqual([]);
    });
  });
});
