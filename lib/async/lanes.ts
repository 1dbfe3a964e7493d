/** Requests that one step has under way at once. */
const LANES = 8;

/** Maps in so many lanes at most; answers in order. The first error ends the lanes after what they have under way. */
export async function inLanes<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
  most = LANES,
): Promise<R[]> {
  if (items.length === 1) return [await work(items[0] as T, 0)];
  const results: R[] = new Array(items.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      try {
        results[index] = await work(items[index] as T, index);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(most, items.length) }, lane));
  const broken = lanes.find((result) => result.status === 'rejected');
  if (broken) throw broken.reason;
  return results;
}
