import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { describe, expect, it } from 'vitest';
import { eventBridgeBus } from '../../../lib/adapters/eventbridge/bus.ts';
import { EventRefused } from '../../../lib/ports/bus.ts';
import { ThrottledError } from '../../../lib/ports/throttled.ts';
import { scriptedClient, serviceError } from '../../support/aws.ts';

const events = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: `${index}`,
    type: 'certificate.issued',
    at: '2026-01-31T12:00:00.000Z',
    team: 'shop',
    name: 'app',
  }));

type Script = Parameters<typeof scriptedClient>[0];

function bus(script: Script, inAll = 60_000) {
  const { client, sent } = scriptedClient<EventBridgeClient>(script);
  const patience = { inAll, firstPause: 1, longestPause: 2 };
  /** Which events each call had. */
  const calls = () =>
    sent.map(({ input }) => (input.Entries as { Detail: string }[]).map(({ Detail }) => JSON.parse(Detail).id));
  return { bus: eventBridgeBus(client, { bus: 'chancery', source: 'chancery.test', patience }), sent, calls };
}

const taken = (count: number) => ({ FailedEntryCount: 0, Entries: Array(count).fill({ EventId: 'e' }) });
const failing = (...codes: readonly (string | undefined)[]) => ({
  FailedEntryCount: codes.filter(Boolean).length,
  Entries: codes.map((ErrorCode) => (ErrorCode ? { ErrorCode } : { EventId: 'e' })),
});

describe('EventBridge as a bus', () => {
  it('gets ten events a call, whole, with the time at which each happened', async () => {
    const { bus: to, sent, calls } = bus([taken(10), taken(2)]);
    await to.publish(events(12));
    expect(calls().map((ids) => ids.length)).toEqual([10, 2]);
    expect(sent[0]!.input.Entries).toContainEqual({
      EventBusName: 'chancery',
      Source: 'chancery.test',
      DetailType: 'certificate.issued',
      Time: new Date('2026-01-31T12:00:00.000Z'),
      Detail: JSON.stringify(events(1)[0]),
    });
  });

  it('is not called for no events', async () => {
    const { bus: to, sent } = bus([]);
    await to.publish([]);
    expect(sent).toEqual([]);
  });

  it('gets again those that it did not take, and only those', async () => {
    const { bus: to, calls } = bus([failing(undefined, 'ThrottlingException', 'InternalFailure'), taken(2)]);
    await to.publish(events(3));
    expect(calls()).toEqual([
      ['0', '1', '2'],
      ['1', '2'],
    ]);
  });

  it('gets all again after a call that was throttled', async () => {
    const { bus: to, calls } = bus([serviceError('ThrottlingException'), taken(1)]);
    await to.publish(events(1));
    expect(calls()).toEqual([['0'], ['0']]);
  });

  it('that stays busy, for calls or for entries, is throttling', async () => {
    const busy = Array(1000).fill(serviceError('ThrottlingException'));
    await expect(bus(busy, 20).bus.publish(events(1))).rejects.toThrow(ThrottledError);
    const { bus: to } = bus(Array(1000).fill(failing('ThrottlingException')), 20);
    await expect(to.publish(events(1))).rejects.toThrow(/^EventBridge is busy/);
  });

  it('that will never take an event says so with its code, and is not asked again', async () => {
    const { bus: to, sent } = bus([failing('ThrottlingException', 'NotAuthorizedForSourceException')]);
    await expect(to.publish(events(2))).rejects.toThrow(/NotAuthorizedForSourceException/);
    await expect(bus([failing('MalformedDetail')]).bus.publish(events(1))).rejects.toThrow(EventRefused);
    expect(sent.length).toBe(1);
  });

  it('throws any other error as it is', async () => {
    const error = serviceError('ResourceNotFoundException');
    await expect(bus([error]).bus.publish(events(1))).rejects.toBe(error);
  });
});
