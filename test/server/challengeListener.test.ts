import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ChallengeTokens } from '../../lib/ports/challengeTokens.ts';
import { type ChallengeListener, challengeListener } from '../../server/challengeListener.ts';

const newToken = () => randomBytes(32).toString('base64url');

function tokensInMemory(): ChallengeTokens & { readonly asked: string[] } {
  const live = new Map<string, string>();
  const asked: string[] = [];
  return {
    asked,
    put: async (token, keyAuthorization) => void live.set(token, keyAuthorization),
    find: async (token) => {
      asked.push(token);
      return live.get(token);
    },
    remove: async (token) => void live.delete(token),
  };
}

describe('the http-01 listener', () => {
  let tokens: ReturnType<typeof tokensInMemory>;
  let listener: ChallengeListener;
  let token: string;
  let keyAuthorization: string;

  beforeEach(async () => {
    tokens = tokensInMemory();
    listener = await challengeListener(tokens, { host: '127.0.0.1', port: 0 });
    token = newToken();
    keyAuthorization = `${token}.${newToken()}`;
    await tokens.put(token, keyAuthorization);
  });
  afterEach(() => listener.close());

  const ask = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${listener.port}${path}`, init);
  const path = (of = token) => `/.well-known/acme-challenge/${of}`;

  /** Sends raw octets and reads until the server closes. */
  const raw = async (request: string) => {
    const socket = connect(listener.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(request);
    return text(socket);
  };

  test('answers the key authorization of a live token, and nothing around it', async () => {
    const answer = await ask(path());
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(await answer.text()).toBe(keyAuthorization);
  });

  test('answers HEAD without a body', async () => {
    const answer = await ask(path(), { method: 'HEAD' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-length')).toBe(String(keyAuthorization.length));
    expect(await answer.text()).toBe('');
  });

  test('knows a token no more once it is removed', async () => {
    await tokens.remove(token);
    expect((await ask(path())).status).toBe(404);
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('answers %s with 404', async (method) => {
    expect((await ask(path(), { method })).status).toBe(404);
  });

  test('answers any other path with 404 and no body, without a look at the tokens', async () => {
    const others = ['/', '/.well-known/acme-challenge/', `${path()}/`, `${path()}?a=b`, `//${path()}`, path('a.b')];
    for (const other of [...others, path('%41'), path('x'.repeat(129)), `/.well-known/other/${token}`]) {
      const answer = await ask(other);
      expect([other, answer.status, await answer.text()]).toEqual([other, 404, '']);
    }
    expect(tokens.asked).toEqual([]);
  });

  test('repeats nothing of a request that it refuses', async () => {
    const marker = newToken();
    const answer = await raw(
      `GET /${marker} HTTP/1.1\r\nHost: ${marker}\r\nX-A: ${marker}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).not.toContain(marker);
  });

  test('refuses headers over 8 KiB, and what is not HTTP', async () => {
    expect(await raw(`GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'x'.repeat(9000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await raw('\x16\x03\x01\x02\x00\x01\x00\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('answers 503 and no reason when the tokens cannot be read', async () => {
    tokens.find = async () => {
      throw new Error('disk on fire');
    };
    const answer = await ask(path());
    expect([answer.status, await answer.text()]).toEqual([503, '']);
  });

  test('closes although a client keeps its connection open', async () => {
    const idle = connect(listener.port, '127.0.0.1');
    await once(idle, 'connect');
    idle.write('GET / HTTP/1.1\r\n');
    await listener.close();
    await expect(ask(path())).rejects.toThrow();
    listener = await challengeListener(tokens, { host: '127.0.0.1', port: listener.port });
    idle.destroy();
  });

  test('says when its port is taken', async () => {
    await expect(challengeListener(tokens, { host: '127.0.0.1', port: listener.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});
