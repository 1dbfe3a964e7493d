import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Books } from '../../bench/simulate/boulder.ts';
import { DAY } from '../../bench/simulate/calendar.ts';
import { Heap } from '../../bench/simulate/heap.ts';
import { Timeline } from '../../bench/simulate/timeline.ts';
import { simulate } from '../../bench/simulate/world.ts';

describe('the simulation of years', () => {
  it('is the same run for the same seed, and another for another', async () => {
    const run = async (seed: number) => {
      const { judge, installation } = await simulate({ seed, years: 0.25, certificates: 40, domains: 10, teams: 2 });
      const { orders, issued, exceeded, expiries, toIdeal } = judge;
      return { orders, issued, exceeded, expiries, toIdeal, counts: installation.counts };
    };
    const first = await run(7);
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
    expect(first.issued).toBeGreaterThan(80);
    expect(first.exceeded).toBe(0);
  });

  it('takes from its heap what is first, whatever the order in which it came', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (numbers) => {
        const heap = new Heap<number>((a, b) => a < b);
        for (const one of numbers) heap.push(one);
        expect(numbers.map(() => heap.pop())).toEqual(numbers.toSorted((a, b) => a - b));
        expect(heap.pop()).toBeUndefined();
      }),
    );
  });

  it('lets events happen in the order of their time, and of one time in the order in which they were made', async () => {
    const timeline = new Timeline(0);
    const seen: string[] = [];
    timeline.at(20, () => void seen.push('c'));
    timeline.at(10, () => {
      seen.push('a');
      timeline.at(5, () => void seen.push('b'));
    });
    timeline.at(30, () => void seen.push('d'));
    await timeline.run(20);
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(timeline.now).toBe(20);
  });

  it("keeps a CA's limits: 50 certificates of a domain at once, and one more every 202 minutes", () => {
    const books = new Books();
    for (let count = 0; count < 50; count++) {
      expect(books.wait('certificatesPerDomain', 'a.test', 0)).toBe(0);
      books.spend('certificatesPerDomain', 'a.test', 0);
    }
    const wait = books.wait('certificatesPerDomain', 'a.test', 0);
    expect(wait).toBeCloseTo((7 * DAY) / 50);
    expect(books.wait('certificatesPerDomain', 'a.test', wait)).toBe(0);
    expect(books.wait('certificatesPerDomain', 'b.test', 0)).toBe(0);
  });
});
