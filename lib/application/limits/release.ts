import type { IssuanceCommand } from '../../domain/issuance.decide.ts';
import type { IssuanceState } from '../../domain/issuance.ts';
import { release } from '../../domain/limits.ts';
import type { Services } from '../services.ts';
import { changeBuckets, changes } from './buckets.ts';

type Needs = Pick<Services, 'limits' | 'clock' | 'ids'>;

/** Gives back what was kept for an order that is not placed, or has become useless. @returns what records that */
export async function releaseLimits(
  services: Needs,
  { limits: held, order, run }: IssuanceState,
): Promise<readonly IssuanceCommand[]> {
  if (!held || order) return [];
  const host = held.keys[0]!.split('/')[1]!;
  const wants = held.keys.map((key) => ({ key, take: true }));
  await changeBuckets(services, host, held.keys, (buckets) => ({
    changed: changes(wants, buckets, (_, bucket) => release(bucket, held.id)),
    answer: undefined,
  }));
  return [{ type: 'RecordReleased', run }];
}
