import { inLanes } from '../async/lanes.ts';
import { deliveryDecider } from '../domain/delivery.decide.ts';
import type { DeliveryState } from '../domain/delivery.ts';
import { issuanceDecider } from '../domain/issuance.decide.ts';
import type { IssuanceState } from '../domain/issuance.ts';
import type { Watched } from '../ports/views.ts';
import { DELIVERIES, ISSUANCES } from './projections.ts';
import type { Services } from './services.ts';

type Needs = Pick<Services, 'ledger' | 'views'>;

/** What fails and is looked at in one turn, the longest first. The rest find out for themselves when their own retry is due. */
const AT_ONCE = 1000;

/** Does `work` with each issuance whose last run failed, of those whose row is wanted. */
export async function eachFailingIssuance(
  { ledger, views }: Needs,
  wanted: (row: Watched) => boolean,
  work: (stream: string, state: IssuanceState) => Promise<void>,
): Promise<void> {
  const rows = await views.earliest(ISSUANCES, 'owed', { limit: AT_ONCE });
  await inLanes(
    rows.filter((row) => row.failing && wanted(row)),
    async ({ key }) => {
      const stream = `issuance/${key}`;
      const { state } = await ledger.load(issuanceDecider, stream);
      if (state.status === 'failed') await work(stream, state);
    },
  );
}

/** The same with each delivery whose last push failed or was refused. */
export async function eachFailingDelivery(
  { ledger, views }: Needs,
  wanted: (row: Watched) => boolean,
  work: (stream: string, state: DeliveryState) => Promise<void>,
): Promise<void> {
  const rows = await views.earliest(DELIVERIES, 'owed', { limit: AT_ONCE });
  await inLanes(
    rows.filter((row) => row.failing && wanted(row)),
    async ({ key }) => {
      const stream = `delivery/${key}`;
      const { state } = await ledger.load(deliveryDecider, stream);
      if (state.status === 'failed' || state.status === 'refused') await work(stream, state);
    },
  );
}
