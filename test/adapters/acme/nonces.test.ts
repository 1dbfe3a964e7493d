import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noncePool } from '../../../lib/adapters/acme/nonces.ts';

/** A pool over a CA that answers when the test says so. */
function staged() {
  const open: { answer(nonce: string): void; fail(error: Error): void }[] = [];
  const clock = { now: 0 };
  let asked = 0;
  const fetch = () => {
    asked++;
    return new Promise<string>((resolve, reject) => open.push({ answer: resolve, fail: reject }));
  };
  return { pool: noncePool(fetch, () => clock.now), open, clock, asked: () => asked };
}

describe('the nonce pool', () => {
  it('hands out each nonce once, the newest first', async () => {
    const { pool, asked } = staged();
    pool.give('a');
    pool.give('b');
    expect([await pool.take(), await pool.take(), asked()]).toEqual(['b', 'a', 0]);
  });

  it('ignores what is no base64url', async () => {
    const { pool, open } = staged();
    for (const bad of [undefined, '', 'a b', 'a+b', 'a=', 'x'.repeat(2000)]) pool.give(bad);
    const taken = pool.take();
    open[0]!.answer('good');
    expect(await taken).toBe('good');
  });

  it('asks for at most four at once, and lets the answers of others serve who waits', async () => {
    const { pool, open, asked } = staged();
    const waiting = Array.from({ length: 6 }, () => pool.take());
    expect(asked()).toBe(4);
    for (const nonce of ['a', 'b', 'c', 'd']) pool.give(nonce);
    for (const [i, one] of open.entries()) one.answer(`f${i}`);
    expect(await Promise.all(waiting)).toEqual(['a', 'b', 'c', 'd', 'f0', 'f1']);
    expect(asked()).toBe(4);
    expect([await pool.take(), await pool.take()]).toEqual(['f3', 'f2']);
  });

  it('fails all who wait when the CA does not answer, and asks anew for the next', async () => {
    const { pool, open } = staged();
    const waiting = [pool.take(), pool.take()].map((one) => one.catch((error: Error) => error.message));
    open[0]!.fail(new Error('down'));
    expect(await Promise.all(waiting)).toEqual(['down', 'down']);
    open[1]!.answer('late');
    await new Promise(setImmediate);
    expect(await pool.take()).toBe('late');
    const next = pool.take();
    open[2]!.answer('new');
    expect(await next).toBe('new');
  });

  it('keeps none for longer than ten minutes and no more than it could use', async () => {
    const { pool, open, clock } = staged();
    pool.give('old');
    clock.now = 600_000;
    const taken = pool.take();
    open[0]!.answer('new');
    expect(await taken).toBe('new');
    for (let i = 0; i < 200; i++) pool.give(`n${i}`);
    const kept = await Promise.all(Array.from({ length: 128 }, () => pool.take()));
    expect(kept.at(-1)).toBe('n72');
    const more = pool.take();
    open[1]!.answer('fetched');
    expect(await more).toBe('fetched');
  });

  it('never gives one nonce twice, in any order of events', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('take', 'give', 'answer'), { maxLength: 60 }), async (events) => {
        const { pool, open } = staged();
        const taken: Promise<string>[] = [];
        let made = 0;
        for (const event of events) {
          if (event === 'take') taken.push(pool.take());
          if (event === 'give') pool.give(`g${made++}`);
          if (event === 'answer') open.shift()?.answer(`f${made++}`);
          await Promise.resolve();
        }
        for (const _ of taken) {
          await new Promise(setImmediate);
          for (const one of open.splice(0)) one.answer(`f${made++}`);
        }
        const got = await Promise.all(taken);
        expect(new Set(got).size).toBe(got.length);
      }),
      { numRuns: 50 },
    );
  });
});
