import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus, BusEvent } from '../../lib/ports/bus.ts';

/** An event as a listener gets it. */
export interface Received {
  readonly source: string;
  readonly type: string;
  readonly event: BusEvent;
}

/** A bus with somebody who listens to everything. */
export interface BusBench {
  readonly bus: Bus;
  /** What the bus's events say that they come from. */
  readonly source: string;
  /** All that the listener has got so far. */
  received(): Promise<readonly Received[]>;
  close(): Promise<void>;
}

let made = 0;
/** A new event, with a member that only its own type has. */
export const newEvent = (more: object = {}): BusEvent => ({
  id: (++made).toString(16).padStart(32, '0'),
  type: 'certificate.issued',
  at: '2026-01-31T12:00:00.000Z',
  team: 'shop',
  name: 'app',
  ...more,
});

/** What every adapter of the port Bus must do. */
export function busContract(name: string, start: () => Promise<BusBench>): void {
  describe(`${name} as Bus`, () => {
    let bench: BusBench;
    beforeAll(async () => {
      bench = await start();
    });
    afterAll(() => bench?.close());

    /** What the listener got of these, in the order in which it came, once all are there. */
    async function got(events: readonly BusEvent[], times = 1): Promise<readonly Received[]> {
      const ids = events.map(({ id }) => id);
      const own = async () => (await bench.received()).filter(({ event }) => ids.includes(event.id));
      await expect.poll(async () => (await own()).length, { timeout: 20_000 }).toBe(events.length * times);
      return own();
    }

    it('brings an event whole, with its type and where it comes from', async () => {
      const event = newEvent({
        message: 'Straße "\u00e9" \\ \n \u{1F512}',
        cause: { code: 'caa', detail: '' },
        revision: 3,
      });
      await bench.bus.publish([event]);
      const [received] = await got([event]);
      expect(received).toMatchObject({ source: bench.source, type: 'certificate.issued', event });
    });

    it('brings every event of a long list', async () => {
      const events = Array.from({ length: 23 }, () => newEvent());
      await bench.bus.publish(events);
      const ids = (await got(events)).map(({ event }) => event.id);
      expect([...ids].sort()).toEqual(events.map(({ id }) => id));
    });

    it('takes a list of none', async () => {
      await expect(bench.bus.publish([])).resolves.toBeUndefined();
    });

    it('lets a repeat be known by its id', async () => {
      const event = newEvent();
      await bench.bus.publish([event]);
      await bench.bus.publish([event]);
      const twice = await got([event], 2);
      expect(new Set(twice.map(({ event: { id } }) => id))).toEqual(new Set([event.id]));
    });

    it('brings one of the longest', async () => {
      const event = newEvent({ message: 'x'.repeat(100_000) });
      await bench.bus.publish([event]);
      expect((await got([event]))[0]!.event).toEqual(event);
    });
  });
}
