import { inLanes } from '../async/lanes.ts';
import { deliveryDecider } from '../domain/delivery.decide.ts';
import { deliveryStream } from '../domain/delivery.ts';
import type { Destination } from '../domain/destination.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Meta } from './ledger.ts';
import { list, type PageRequest } from './lists.ts';
import { DELIVERIES } from './projections.ts';
import { isRebuilding } from './rebuild.ts';
import type { Services } from './services.ts';

/** Which copies: a team's, those in a cluster, both at once, or with neither all. */
export interface RedeliveryScope {
  readonly team?: string;
  readonly cluster?: string;
}

/** What one page did. `after` is there when there may be more. */
export interface Redelivery {
  /** Copies that are pushed again. Those that were on their way already, or are being withdrawn, are not counted. */
  readonly redelivered: number;
  readonly after?: string;
}

/**
 * Has a page of copies pushed again: the current revision of each live certificate, from the vault. No CA is asked for anything.
 * @param page `limit` copies are looked at at the most; the pushes go on by themselves, so who asks page by page sets the rate
 * @throws Refusal `RebuildUnderWay` while the view that names the copies is made anew
 */
export async function redeliver(
  services: Pick<Services, 'ledger' | 'views'>,
  { team, cluster }: RedeliveryScope,
  page: PageRequest,
  meta: Meta,
): Promise<Redelivery> {
  if (await isRebuilding(services)) {
    throw new Refusal('RebuildUnderWay', 'the views are being made anew, and do not name every copy yet', {
      remedy: 'wait until the rebuild is done',
    });
  }
  const { items, after } = await list(services, DELIVERIES, {
    ...page,
    owner: team,
    take: ({ key, doc }) => (cluster === undefined || clusterOf(doc.destination) === cluster ? key : undefined),
  });
  const asked = await inLanes(items, async (key) => {
    const { events } = await services.ledger.handle(deliveryDecider, deliveryStream(key), { type: 'Redeliver' }, meta);
    return events.length > 0;
  });
  return { redelivered: asked.filter(Boolean).length, ...(after !== undefined && { after }) };
}

function clusterOf(destination: unknown): string | undefined {
  const to = destination as Destination;
  return to.kind === 'kubernetes' ? to.cluster : undefined;
}
