import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { httpClient } from '../../../lib/adapters/net/client.ts';
import { addressGuard } from '../../../lib/adapters/net/guard.ts';
import type { HttpClient, HttpRequest } from '../../../lib/adapters/net/http.ts';
import { type KeyAndCertificate, makeAuthority } from '../../support/authority.ts';

let ca: string;
let server: KeyAndCertificate;
const open: { close(): void }[] = [];
beforeAll(async () => {
  const authority = await makeAuthority('Test CA');
  ca = authority.certPem;
  server = await authority.issue({ subject: 'CN=localhost', names: ['localhost', '127.0.0.1'], usage: 'server' });
});
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function listening<S extends TcpServer>(made: S): Promise<number> {
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  open.push(made);
  return (made.address() as AddressInfo).port;
}

const plain = (listener: RequestListener): Promise<number> => listening(createHttpServer(listener));
const secure = (listener: RequestListener): Promise<number> =>
  listening(createHttpsServer({ cert: server.certPem, key: server.keyPem }, listener) as Server);

function client(options: Partial<Parameters<typeof httpClient>[0]> = {}): HttpClient {
  const made = httpClient({ allow: ['*'], ...options });
  open.push(made);
  return made;
}

const get = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  url,
  timeout: 5000,
  maxBytes: 10_000,
  ...more,
});

describe('an exchange', () => {
  it('sends method, headers and body and answers status, headers and body', async () => {
    const port = await plain((request, response) => {
      response.setHeader('link', ['<a>;rel="up"', '<b>;rel="alternate"']);
      response.statusCode = 201;
      request.on('data', (part) => response.write(`${request.method} ${request.headers['x-is']} ${part}`));
      request.on('end', () => response.end());
    });
    const answer = await client().request(
      get(`http://127.0.0.1:${port}/a?b=c`, { method: 'POST', headers: { 'x-is': 'it' }, body: 'bødy' }),
    );
    expect(answer.status).toBe(201);
    expect(answer.headers.link).toBe('<a>;rel="up", <b>;rel="alternate"');
    expect(answer.body.toString()).toBe('POST it bødy');
  });

  it('does not follow a redirect', async () => {
    const port = await plain((_, response) => response.writeHead(302, { location: '/else' }).end());
    const answer = await client().request(get(`http://127.0.0.1:${port}/`));
    expect([answer.status, answer.headers.location]).toEqual([302, '/else']);
  });

  it('asks for no content coding', async () => {
    const port = await plain((request, response) => response.end(request.headers['accept-encoding']));
    expect((await client().request(get(`http://127.0.0.1:${port}/`))).body.toString()).toBe('identity');
  });

  it('answers HEAD whatever length it announces', async () => {
    const port = await plain((_, response) => response.writeHead(200, { 'content-length': 99_999 }).end());
    expect((await client().request(get(`http://127.0.0.1:${port}/`, { method: 'HEAD' }))).status).toBe(200);
  });

  it('uses one connection for requests one after another', async () => {
    const ports = new Set<number>();
    const port = await secure((request, response) => {
      ports.add(request.socket.remotePort!);
      response.end();
    });
    const http = client();
    for (let i = 0; i < 5; i++) await http.request(get(`https://localhost:${port}/`, { ca }));
    expect(ports.size).toBe(1);
  });

  it('does not share a connection between different trust settings', async () => {
    const port = await secure((_, response) => response.end());
    const http = client();
    await http.request(get(`https://localhost:${port}/`, { insecureSkipVerify: true }));
    await expect(http.request(get(`https://localhost:${port}/`))).rejects.toMatchObject({ code: 'TlsUntrusted' });
  });
});

describe('a failed exchange', () => {
  it('refuses loopback unless it is allowed, by literal and by name', async () => {
    const port = await plain((_, response) => response.end());
    const http = client({ allow: [] });
    for (const host of ['127.0.0.1', 'localhost', '2130706433', '[::ffff:127.0.0.1]']) {
      await expect(http.request(get(`http://${host}:${port}/`))).rejects.toMatchObject({
        code: 'AddressRefused',
        sent: false,
      });
    }
    expect((await client({ allow: [`localhost:${port}`] }).request(get(`http://localhost:${port}/`))).status).toBe(200);
  });

  it.each(['ftp://example.com/', 'nonsense', 'http://user:pass@example.com/'])(
    'refuses the address %s',
    async (url) => {
      await expect(client().request(get(url))).rejects.toMatchObject({ code: 'BadUrl', sent: false });
    },
  );

  it('says that a server is unreachable', async () => {
    const port = await plain((_, response) => response.end());
    open.splice(0)[0]!.close();
    await expect(client().request(get(`http://127.0.0.1:${port}/`))).rejects.toMatchObject({
      code: 'Unreachable',
      sent: false,
    });
  });

  it('says that a certificate is not trusted', async () => {
    const port = await secure((_, response) => response.end());
    const request = get(`https://localhost:${port}/`);
    const error = await client()
      .request(request)
      .catch((reason: Error) => reason);
    expect(error).toMatchObject({ code: 'TlsUntrusted', sent: false });
    // Who reads this has a caBundle to set, and no command line of Node.js.
    expect((error as Error).message).toMatch(/^localhost:\d+: [a-z -]+$/);
  });

  it('names the host that a trusted certificate is not for', async () => {
    const port = await secure((_, response) => response.end());
    const guard = addressGuard(['*'], async () => [{ address: '127.0.0.1', family: 4 }]);
    const request = get(`https://other.example.test:${port}/`, { ca });
    await expect(client({ guard }).request(request)).rejects.toMatchObject({
      code: 'TlsUntrusted',
      message: expect.stringContaining("other.example.test. is not in the cert's altnames"),
    });
  });

  it('says that a server speaks no TLS', async () => {
    const port = await plain((_, response) => response.end());
    await expect(client().request(get(`https://127.0.0.1:${port}/`))).rejects.toMatchObject({
      code: 'TlsFailed',
      sent: false,
    });
  });

  it('says that trust settings do not parse', async () => {
    const port = await secure((_, response) => response.end());
    const request = get(`https://localhost:${port}/`, { client: { cert: 'x', key: 'y' } });
    await expect(client().request(request)).rejects.toMatchObject({ code: 'TlsFailed', sent: false });
  });

  it('says that an answer is not HTTP', async () => {
    const port = await listening(createTcpServer((socket) => socket.end('220 smtp ready\r\n')));
    await expect(client().request(get(`http://127.0.0.1:${port}/`))).rejects.toMatchObject({
      code: 'BadAnswer',
      sent: true,
    });
  });

  it('gives up when no complete answer comes in time, at the head or in the body', async () => {
    const port = await plain((request, response) => {
      if (request.url === '/body') response.write('begun');
    });
    for (const path of ['head', 'body']) {
      const request = get(`http://127.0.0.1:${port}/${path}`, { timeout: 60 });
      await expect(client().request(request)).rejects.toMatchObject({ code: 'Timeout', sent: true });
    }
  });

  it('gives up when a TLS handshake does not end in time, with nothing sent', async () => {
    const sockets: Socket[] = [];
    const port = await listening(createTcpServer((socket) => void sockets.push(socket.on('error', () => {}))));
    const request = get(`https://127.0.0.1:${port}/`);
    await expect(client({ connectTimeout: 60 }).request(request)).rejects.toMatchObject({
      code: 'Timeout',
      sent: false,
    });
    for (const socket of sockets) socket.destroy();
  });

  it('stops at the cap, announced or not', async () => {
    const port = await plain((request, response) => {
      if (request.url === '/announced') response.setHeader('content-length', 20_000);
      response.end('x'.repeat(20_000));
    });
    for (const path of ['announced', 'chunked']) {
      await expect(client().request(get(`http://127.0.0.1:${port}/${path}`))).rejects.toMatchObject({
        code: 'BodyTooLarge',
      });
    }
  });

  it('says that the connection was lost in the middle of a body', async () => {
    const port = await plain((_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half');
      setImmediate(() => response.destroy());
    });
    await expect(client().request(get(`http://127.0.0.1:${port}/`))).rejects.toMatchObject({
      code: 'ConnectionLost',
      sent: true,
    });
  });
});

describe('a kept-alive connection that the server cuts at its second request', () => {
  async function cuttingServer(): Promise<{ port: number; served: string[] }> {
    const served: string[] = [];
    const seen = new WeakSet<object>();
    const port = await plain((request, response) => {
      if (seen.has(request.socket)) return void request.socket.destroy();
      seen.add(request.socket);
      served.push(`${request.method} ${request.url}`);
      response.end('ok');
    });
    return { port, served };
  }

  it('does not hurt a GET: it goes again on a fresh connection', async () => {
    const { port, served } = await cuttingServer();
    const http = client();
    await http.request(get(`http://127.0.0.1:${port}/1`));
    expect((await http.request(get(`http://127.0.0.1:${port}/2`))).body.toString()).toBe('ok');
    expect(served).toEqual(['GET /1', 'GET /2']);
  });

  it('fails a POST as perhaps sent, and the next request takes a fresh connection', async () => {
    const { port, served } = await cuttingServer();
    const http = client();
    await http.request(get(`http://127.0.0.1:${port}/1`));
    const post = get(`http://127.0.0.1:${port}/2`, { method: 'POST', body: 'x' });
    await expect(http.request(post)).rejects.toMatchObject({ code: 'ConnectionLost', sent: true });
    await http.request(post);
    expect(served).toEqual(['GET /1', 'POST /2']);
  });

  it('sends a POST again that says it is idempotent', async () => {
    const { port, served } = await cuttingServer();
    const http = client();
    await http.request(get(`http://127.0.0.1:${port}/1`));
    await http.request(get(`http://127.0.0.1:${port}/2`, { method: 'POST', body: 'x', idempotent: true }));
    expect(served).toEqual(['GET /1', 'POST /2']);
  });
});
