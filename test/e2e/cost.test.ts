import { expect, it } from 'vitest';
import { counts } from '../../bench/cost/cost.ts';
import { countRequests } from '../../bench/cost/count.ts';
import { ACTS } from '../../bench/cost/counts.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { sharedCluster } from '../support/peers/sharedCluster.ts';

/**
 * Part by which figures may differ: names, times and signatures are not equally long each time, and on a busy machine what waits asks once more.
 */
const TOLERANCE = 0.1;
/** By how much they may differ in any case: a row that is about as long as a unit costs one or two. */
const UNITS = 3;

/** Every number of an act, by where it stands. */
const numbersIn = (value: object, path = ''): [string, number][] =>
  Object.entries(value).flatMap(([name, one]) =>
    typeof one === 'number'
      ? [[`${path}${name}`, one] as [string, number]]
      : numbersIn(one as object, `${path}${name}.`),
  );

describeWith(['ministack', 'pebble', 'kubernetes'], 'What is paid for', () => {
  it('is what the kept counts say; npm run cost:count counts anew', { timeout: 300_000 }, async () => {
    const kept = counts();
    const { acts, standing } = await countRequests(await sharedCluster());
    expect(standing).toEqual(kept.standing);
    for (const act of ACTS) {
      const [now, before] = [acts[act], kept.acts[act]].map((one) => new Map(numbersIn(one)));
      expect([...now!.keys()].sort(), act).toEqual([...before!.keys()].sort());
      for (const [name, number] of now!) {
        const known = before!.get(name)!;
        expect(Math.abs(number - known), `${act}: ${name}`).toBeLessThanOrEqual(Math.max(known * TOLERANCE, UNITS));
      }
    }
  });
});
