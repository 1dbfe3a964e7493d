import { announce } from '../../lib/application/announce.ts';
import { type ReactionNeeds, react } from '../../lib/application/reactions.ts';
import type { Services } from '../../lib/application/services.ts';
import type { Bus } from '../../lib/ports/bus.ts';
import type { Commit } from '../../lib/ports/eventStore.ts';
import { type BatchResponse, eachCommit, type StreamBatch } from './batch.ts';

type Needs = ReactionNeeds & Pick<Services, 'store'> & { readonly bus: Bus };

/**
 * The fast path: does what commits make due at once, and tells the bus. Neither waits for the other, and what fails of either comes again; what
 * fails to the end, the scan finds in the due index, and the dead letters have.
 */
export const reactBatch =
  (services: Needs) =>
  (batch: StreamBatch): Promise<BatchResponse> =>
    eachCommit(services.log, batch, async (commits) => {
      const turns = await Promise.allSettled([reactToAll(services, commits), announce(services, commits)]);
      const failed = turns.find((turn) => turn.status === 'rejected');
      if (failed) throw failed.reason;
    });

async function reactToAll(services: Needs, commits: readonly Commit[]): Promise<void> {
  for (const commit of commits) await react(services, commit);
}
