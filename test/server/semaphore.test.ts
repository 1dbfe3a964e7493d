import { expect, it } from 'vitest';
import { semaphore } from '../../server/semaphore.ts';

it('never lets more in than its size, whoever comes while a place is handed over', async () => {
  const slots = semaphore(2);
  let inside = 0;
  let most = 0;
  const visit = async (times: number): Promise<void> => {
    const release = await slots.take();
    inside++;
    most = Math.max(most, inside);
    await Promise.resolve();
    inside--;
    release();
    // Comes back in the same turn in which the place was handed to somebody who waits.
    if (times > 1) await visit(times - 1);
  };
  await Promise.all(Array.from({ length: 50 }, () => visit(4)));
  expect(most).toBe(2);
  expect(inside).toBe(0);
});

it('is idle when the last holder has left, and at once when there is none', async () => {
  const slots = semaphore(1);
  await slots.idle();
  const order: string[] = [];
  const first = await slots.take();
  const second = slots.take().then((release) => {
    order.push('second');
    release();
  });
  const idle = slots.idle().then(() => order.push('idle'));
  order.push('first');
  first();
  await Promise.all([second, idle]);
  expect(order).toEqual(['first', 'second', 'idle']);
});
