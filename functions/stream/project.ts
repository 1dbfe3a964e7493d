import { projectOrPark } from '../../lib/application/projections.ts';
import { type BatchResponse, eachCommit, type StreamBatch } from './batch.ts';

type Needs = Parameters<typeof projectOrPark>[0];

/** Brings the views up to date. A row is made from its stream's newest state, so one turn a stream does for all of its commits. */
export const projectBatch =
  (services: Needs) =>
  (batch: StreamBatch): Promise<BatchResponse> =>
    eachCommit(services.log, batch, (commits) => projectOrPark(services, commits[0]!.stream));
