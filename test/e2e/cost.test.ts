import { expect, it } from 'vitest';
import { counts } from '../../bench/cost/cost.ts';
import { ACTS, countRequests } from '../../bench/cost/count.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { sharedCluster } from '../support/peers/sharedCluster.ts';

/** Part by which capacity and bytes may differ: names, times and signatures are not equally long each time. */
const TOLERANCE = 0.1;
/** Units by which they may differ in any case: a row that is about as long as a unit costs one or two. */
const UNITS = 2;

describeWith(['ministack', 'pebble', 'kubernetes'], 'What is paid for', () => {
  it('is what the kept counts say; npm run cost:count counts anew', { timeout: 300_000 }, async () => {
    const kept = counts();
    const { acts, standing } = await countRequests(await sharedCluster());
    expect(standing).toEqual(kept.standing);
    for (const act of ACTS) {
      const { readUnits, writeUnits, bytes, ...calls } = acts[act];
      const { readUnits: read, writeUnits: written, bytes: grown, ...keptCalls } = kept.acts[act];
      expect(calls, act).toEqual(keptCalls);
      for (const [now, before] of [
        [readUnits, read],
        [writeUnits, written],
        [bytes, grown],
      ] as const)
        expect(Math.abs(now - before), act).toBeLessThanOrEqual(Math.max(before * TOLERANCE, UNITS));
    }
  });
});
