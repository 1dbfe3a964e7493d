import { type Instant, millis } from '../domain/time.ts';
import type { ViewRow } from '../ports/views.ts';
import { CERTIFICATES, DELIVERIES, ISSUANCES } from './projections.ts';
import type { Services } from './services.ts';

/** How an installation stands as a whole. Counts, never a number for each certificate. */
export interface Health {
  readonly Certificates: number;
  /** Days, with fractions, until the first certificate expires; absent where none is issued. */
  readonly DaysToExpiry?: number;
  /** Certificates whose time to renew was over a day ago. */
  readonly RenewalsOverdue: number;
  /** Unfinished issuances whose last run failed. */
  readonly IssuancesFailing: number;
  /** Destinations whose last push failed or was refused. */
  readonly DeliveriesFailing: number;
}

type Needs = Pick<Services, 'views' | 'clock'>;

const PAGE = 500;
const DAY = 86_400_000;

/** Reads the views, page by page. */
export async function measureHealth(services: Needs): Promise<Health> {
  const now = millis(services.clock.now());
  let certificates = 0;
  let overdue = 0;
  let earliest = Number.POSITIVE_INFINITY;
  for await (const { doc } of rows(services, CERTIFICATES)) {
    const { notAfter, renewalTime } = doc as { notAfter?: Instant; renewalTime?: Instant };
    certificates++;
    if (notAfter) earliest = Math.min(earliest, millis(notAfter));
    if (renewalTime && millis(renewalTime) < now - DAY) overdue++;
  }
  return {
    Certificates: certificates,
    ...(Number.isFinite(earliest) && { DaysToExpiry: (earliest - now) / DAY }),
    RenewalsOverdue: overdue,
    IssuancesFailing: await count(services, ISSUANCES, ['failed']),
    DeliveriesFailing: await count(services, DELIVERIES, ['failed', 'refused']),
  };
}

async function count({ views }: Needs, view: string, statuses: readonly string[]): Promise<number> {
  let found = 0;
  for (const status of statuses) found += await views.count(view, { where: { status } });
  return found;
}

async function* rows({ views }: Needs, view: string): AsyncGenerator<ViewRow> {
  for (let after: string | undefined; ; ) {
    const page = await views.list(view, { after, limit: PAGE });
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.key;
  }
}
