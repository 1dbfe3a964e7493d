import { afterEach, expect, it } from 'vitest';
import type { DeadLetter, DeadLetters } from '../../../lib/ports/deadLetters.ts';
import { type TestApi, testApi } from '../../support/api.ts';

let api: TestApi | undefined;
afterEach(() => api?.close());

const letter: DeadLetter = {
  receipt: 'r1',
  kind: 'feed',
  reader: 'react',
  from: '2026-01-01T00:00:00.000Z',
  to: '2026-01-01T00:00:00.000Z',
};

function queueOf(...letters: DeadLetter[]): DeadLetters & { readonly removed: string[] } {
  const removed: string[] = [];
  return {
    removed,
    receive: async () => letters.splice(0),
    remove: async (receipt) => void removed.push(receipt),
    again: async () => [],
  };
}

it('Embedded, there are no dead letters, and the answer says so', async () => {
  api = await testApi();
  const { status, json } = await api.send('POST', '/v1/redrive');
  expect(status).toBe(200);
  expect(json).toEqual({ queue: false, letters: 0, unknown: 0, streams: 0, failed: [] });
});

it('Where something is given up, letters are worked off turn by turn, until there is none', async () => {
  const deadLetters = queueOf(letter);
  api = await testApi({ deadLetters });
  const first = (await api.send('POST', '/v1/redrive', { json: {} })).json;
  expect(first).toMatchObject({ queue: true, letters: 0, cursor: expect.any(String) });
  const second = (await api.send('POST', '/v1/redrive', { json: { cursor: first.cursor } })).json;
  expect(second).toMatchObject({ letters: 1, cursor: expect.any(String) });
  expect(deadLetters.removed).toEqual(['r1']);
  const third = (await api.send('POST', '/v1/redrive', { json: { cursor: second.cursor } })).json;
  expect(third).toEqual({ queue: true, letters: 0, unknown: 0, streams: 0, failed: [] });
});

it('Only administrators may, and a cursor is one that was answered', async () => {
  api = await testApi({ deadLetters: queueOf() });
  const token = await api.token('*', 'read', 'write');
  expect((await api.send('POST', '/v1/redrive', { token })).status).toBe(403);
  const cursor = (value: unknown) => Buffer.from(JSON.stringify(['redrive', value])).toString('base64url');
  for (const bad of ['x', cursor('x'), cursor({ letters: [{ receipt: 'r', kind: 'unknown' }] }), cursor({})]) {
    const { status, json } = await api.send('POST', '/v1/redrive', { json: { cursor: bad } });
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'InvalidCursor' });
  }
  expect((await api.send('POST', '/v1/redrive', { json: { letters: 1 } })).status).toBe(422);
});
