import { afterEach, describe, expect, it } from 'vitest';
import { reactBatch } from '../../../functions/stream/react.ts';
import { type StreamRecord, streamRecordOf } from '../../../lib/adapters/dynamodb/streamRecords.ts';
import { certificateDecider } from '../../../lib/domain/certificate.decide.ts';
import { certificateStream } from '../../../lib/domain/certificate.ts';
import type { Bus, BusEvent } from '../../../lib/ports/bus.ts';
import { type TestServices, testServices } from '../../support/services.ts';
import { specOf } from '../../support/specs.ts';

let made: TestServices | undefined;
afterEach(() => made?.close());

/** Certificates that were requested, with their commits as a batch. */
async function requested(bus: Bus, names: readonly string[]) {
  made = testServices();
  const { services } = made;
  const { ledger, store } = services;
  const records: StreamRecord[] = [];
  for (const [index, name] of names.entries()) {
    const stream = certificateStream('shop', name);
    const spec = specOf({ dnsNames: [`${name}.example.test`] });
    const command = { type: 'Request', uid: `uid-${name}`, spec, policyVersion: 1 } as const;
    await ledger.handle(certificateDecider, stream, command, { actor: 'test' });
    const [commit] = await store.commits(stream);
    records.push(streamRecordOf(commit!, `${index}`));
  }
  const handle = reactBatch({ ...services, bus });
  return {
    async batch() {
      const { batchItemFailures } = await handle({ Records: records });
      return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    },
    started: async () => (await store.streams('issuance/', 10)).length,
  };
}

describe('A batch of the fast path', () => {
  it('is reacted to, and told to the bus', async () => {
    const told: BusEvent[] = [];
    const { batch, started } = await requested({ publish: async (events) => void told.push(...events) }, ['a', 'b']);
    expect(await batch()).toEqual([]);
    expect(await started()).toBe(2);
    expect(told.map(({ type, name }) => `${type} ${name}`).sort()).toEqual([
      'certificate.requested a',
      'certificate.requested b',
    ]);
  });

  it('that comes again is told under the same ids', async () => {
    const told: BusEvent[] = [];
    const { batch } = await requested({ publish: async (events) => void told.push(...events) }, ['a']);
    await batch();
    await batch();
    expect(told.length).toBe(2);
    expect(told[1]).toEqual(told[0]);
  });

  it('goes on where the bus fails, and what was not told comes again', async () => {
    const bus: Bus = {
      async publish([event]) {
        if (event!.name === 'a') throw new Error('no bus');
      },
    };
    const { batch, started } = await requested(bus, ['a', 'b']);
    expect(await batch()).toEqual(['0']);
    expect(await started()).toBe(2);
  });
});
