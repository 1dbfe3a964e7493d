import { Refusal } from '../../lib/domain/refusal.ts';

/** The Refusal that `work` throws; anything else, and nothing at all, is thrown on as an error. */
export async function refusalOf(work: () => unknown): Promise<Refusal> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
