import { afterEach, describe, expect, it } from 'vitest';
import { httpClient } from '../../lib/adapters/net/client.ts';
import { webhookBus } from '../../lib/adapters/webhook/bus.ts';
import { type BusEvent, EventRefused } from '../../lib/ports/bus.ts';
import { ThrottledError } from '../../lib/ports/throttled.ts';
import { startEventReceiver } from '../support/eventReceiver.ts';
import { busContract, newEvent } from './bus.ts';

busContract('webhookBus', async () => {
  const { url, calls, close } = await startEventReceiver();
  const http = httpClient({ allow: ['127.0.0.1'] });
  return {
    bus: webhookBus({ http, url, source: 'chancery.test' }),
    source: 'chancery.test',
    received: async () => calls.map(({ body: { source, type, data } }) => ({ source, type, event: data as BusEvent })),
    async close() {
      await http.close();
      await close();
    },
  };
});

describe('A webhook', () => {
  const undo: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0)) await step();
  });

  async function hook(more: { status?: number; allow?: string[]; token?: () => Promise<string> } = {}) {
    const { url, origin, calls, answer, close } = await startEventReceiver();
    if (more.status !== undefined) answer(more.status);
    const http = httpClient({ allow: more.allow ?? ['127.0.0.1'] });
    undo.push(() => http.close(), close);
    const { token } = more;
    const bus = webhookBus({ http, url, source: 'chancery.test', ...(token && { token }) });
    return { bus, origin, calls };
  }
  const errorOf = (work: Promise<unknown>): Promise<Error> =>
    work.then(
      () => {
        throw new Error('it was taken');
      },
      (error: Error) => error,
    );

  it('is sent CloudEvents 1.0, in order', async () => {
    const { bus, calls } = await hook();
    const events = [newEvent(), newEvent()];
    await bus.publish(events);
    expect(calls.map(({ body }) => body.id)).toEqual(events.map(({ id }) => id));
    expect(calls[0]).toEqual({
      status: 202,
      path: '/hooks/path-secret',
      contentType: 'application/cloudevents+json',
      authorization: undefined,
      body: {
        specversion: '1.0',
        id: events[0]!.id,
        source: 'chancery.test',
        type: 'certificate.issued',
        time: '2026-01-31T12:00:00.000Z',
        subject: 'shop/app',
        datacontenttype: 'application/json',
        data: events[0],
      },
    });
  });

  it('is called with the token as it is at each call', async () => {
    let token = 'one';
    const { bus, calls } = await hook({ token: async () => token });
    await bus.publish([newEvent()]);
    token = 'two';
    await bus.publish([newEvent()]);
    expect(calls.map(({ authorization }) => authorization)).toEqual(['Bearer one', 'Bearer two']);
  });

  it.each([
    [400, EventRefused],
    [413, EventRefused],
    [422, EventRefused],
    [429, ThrottledError],
    [503, ThrottledError],
    [302, Error],
    [401, Error],
    [404, Error],
    [500, Error],
  ] as const)('that answers %i is %s, and the error tells neither its path nor its answer', async (status, kind) => {
    const { bus, origin, calls } = await hook({ status });
    const error = await errorOf(bus.publish([newEvent(), newEvent()]));
    expect(error.constructor).toBe(kind);
    expect(error.message).toBe(`the webhook at ${origin} answered ${status}`);
    expect(calls.length).toBe(1);
  });

  it('on a private address is not called unless the operator allows it', async () => {
    const { bus, origin, calls } = await hook({ allow: [] });
    expect((await errorOf(bus.publish([newEvent()]))).message).toBe(
      `the webhook at ${origin} cannot be reached (AddressRefused)`,
    );
    expect(calls).toEqual([]);
  });
});
