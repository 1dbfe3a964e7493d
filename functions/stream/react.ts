import { type ReactionNeeds, react } from '../../lib/application/reactions.ts';
import { type BatchResponse, eachCommit, type StreamBatch } from './batch.ts';

/** The fast path: does what commits make due at once. What fails to the end, the scan finds in the due index. */
export const reactBatch =
  (services: ReactionNeeds) =>
  (batch: StreamBatch): Promise<BatchResponse> =>
    eachCommit(services.log, batch, async (commits) => {
      for (const commit of commits) await react(services, commit);
    });
