import { inLanes } from '../async/lanes.ts';
import type { Issued } from '../domain/issued.ts';
import { daysLeft, SOON } from '../domain/lifeLeft.ts';
import { type Instant, plusSeconds, secondsBetween } from '../domain/time.ts';
import type { Measurement } from '../ports/metrics.ts';
import type { Watched } from '../ports/views.ts';
import { CERTIFICATES, DELIVERIES, ISSUANCES } from './projections.ts';
import type { Services } from './services.ts';

/** How an installation, a team of it or an issuer stands. Counts, never a number for each certificate. */
export interface Standing {
  /**
   * Days, with fractions, until the first certificate expires; absent where none is issued. One that lives for under four weeks counts as if it lived
   * for so long: a quarter of its life is a week.
   */
  readonly DaysToExpiry?: number;
  /** Certificates whose time to renew was over a day ago. */
  readonly RenewalsOverdue: number;
  /** Unfinished issuances whose last run failed. */
  readonly IssuancesFailing: number;
  /** Destinations whose last push failed or was refused. */
  readonly DeliveriesFailing: number;
  /** Destinations that have not been as they shall be for over an hour. */
  readonly DeliveriesLate: number;
}

/** The installation as a whole, and of teams and issuers those of which there is something to say, the worst first. */
export interface Health {
  readonly whole: Standing;
  readonly parts: readonly Measurement[];
}

type Needs = Pick<Services, 'views' | 'clock'>;

const HOUR = 3600;
const DAY = 24 * HOUR;

/** Rows of one kind that a measure reads at most. A count that reaches it means: so many, or more. */
export const MOST_READ = 1000;

/** Teams, and issuers, that have numbers of their own at most: each is a custom metric to pay for. The others are one, {@link OTHERS}. */
export const MOST_PARTS = 20;

/** Stands for all teams or issuers beyond {@link MOST_PARTS}. No team and no issuer can have this name. */
export const OTHERS = '(others)';

/**
 * Reads what needs attention, and no more: the cost follows what is near its end, overdue, failing or late, and not what exists.
 */
export async function measureHealth({ views, clock }: Needs): Promise<Health> {
  const now = clock.now();
  const read = (view: string, before?: string) => views.earliest(view, 'owed', { before, limit: MOST_READ });
  const [first, expiring, overdue, issuances, deliveries] = await Promise.all([
    views.earliest(CERTIFICATES, 'expires', { limit: 1 }),
    views.earliest(CERTIFICATES, 'expires', { before: plusSeconds(now, SOON * DAY), limit: MOST_READ }),
    read(CERTIFICATES, plusSeconds(now, -DAY)),
    read(ISSUANCES),
    read(DELIVERIES),
  ]);
  const ending = await withDays(views, expiring, now);
  const found: Attention = {
    ending,
    overdue,
    issuances: issuances.filter((one) => one.failing),
    failing: deliveries.filter((one) => one.failing),
    late: deliveries.filter(({ at }) => at < plusSeconds(now, -HOUR)),
  };
  const whole = {
    ...(first[0] && {
      DaysToExpiry: Math.min(secondsBetween(now, first[0].at) / DAY, ...ending.map(({ days }) => days)),
    }),
    RenewalsOverdue: overdue.length,
    IssuancesFailing: found.issuances.length,
    DeliveriesFailing: found.failing.length,
    DeliveriesLate: found.late.length,
  };
  const teams = standings(found, ({ owner }) => owner);
  const issuers = standings(found, ({ issuer }) => issuer);
  return {
    whole,
    parts: [
      ...teams.map(([team, standing]) => ({ team, metrics: spoken(standing) })),
      ...issuers.map(([issuer, standing]) => ({ issuer, metrics: spoken(standing) })),
    ],
  };
}

/** A certificate that is near its end, with the days that are left to it. */
interface Ending extends Watched {
  readonly days: number;
}

async function withDays(views: Needs['views'], rows: readonly Watched[], now: Instant): Promise<readonly Ending[]> {
  const all = await inLanes(rows, async (row) => {
    const { notBefore, notAfter } = ((await views.get(CERTIFICATES, row.key))?.doc ?? {}) as Partial<Issued>;
    return notBefore && notAfter ? [{ ...row, days: daysLeft(notBefore, notAfter, now) }] : [];
  });
  return all.flat();
}

/** What needs attention. */
interface Attention {
  readonly ending: readonly Ending[];
  readonly overdue: readonly Watched[];
  readonly issuances: readonly Watched[];
  readonly failing: readonly Watched[];
  readonly late: readonly Watched[];
}

/** How each stands of what `nameOf` tells apart, the worst first, and all beyond {@link MOST_PARTS} as one. */
function standings(
  { ending, overdue, issuances, failing, late }: Attention,
  nameOf: (row: Watched) => string | undefined,
): [string, Standing][] {
  const found = new Map<string, Found>();
  const each = <Row extends Watched>(rows: readonly Row[], note: (standing: Found, row: Row) => void): void => {
    for (const row of rows) {
      const name = nameOf(row);
      if (name === undefined) continue;
      const standing = found.get(name) ?? { ...NOTHING };
      found.set(name, standing);
      note(standing, row);
    }
  };
  each(ending, (one, { days }) => {
    one.DaysToExpiry = Math.min(one.DaysToExpiry ?? days, days);
  });
  each(overdue, (one) => one.RenewalsOverdue++);
  each(issuances, (one) => one.IssuancesFailing++);
  each(failing, (one) => one.DeliveriesFailing++);
  each(late, (one) => one.DeliveriesLate++);
  return bounded([...found].sort(([a, one], [b, other]) => badness(other) - badness(one) || (a < b ? -1 : 1)));
}

type Found = { -readonly [Name in keyof Standing]: Standing[Name] };

const NOTHING: Found = { RenewalsOverdue: 0, IssuancesFailing: 0, DeliveriesFailing: 0, DeliveriesLate: 0 };

/** What is overdue or fails weighs more than what only ends soon. */
function badness({ DaysToExpiry, ...counts }: Standing): number {
  const sum = Object.values(counts).reduce((total, count) => total + count, 0);
  return sum + (DaysToExpiry === undefined ? 0 : 1 / (1 + Math.max(0, DaysToExpiry)));
}

/** The worst have numbers of their own; all others together have one. */
function bounded(sorted: readonly (readonly [string, Standing])[]): [string, Standing][] {
  const named = sorted.slice(0, MOST_PARTS).map(([name, one]): [string, Standing] => [name, one]);
  const rest = sorted.slice(MOST_PARTS).map(([, one]) => one);
  return rest.length === 0 ? named : [...named, [OTHERS, rest.reduce(together)]];
}

const together = (a: Standing, b: Standing): Standing => ({
  DaysToExpiry: Math.min(a.DaysToExpiry ?? Number.POSITIVE_INFINITY, b.DaysToExpiry ?? Number.POSITIVE_INFINITY),
  RenewalsOverdue: a.RenewalsOverdue + b.RenewalsOverdue,
  IssuancesFailing: a.IssuancesFailing + b.IssuancesFailing,
  DeliveriesFailing: a.DeliveriesFailing + b.DeliveriesFailing,
  DeliveriesLate: a.DeliveriesLate + b.DeliveriesLate,
});

/** Without what there is nothing to say of: a metric that is never written costs nothing. */
const spoken = (one: Standing): Record<string, number> =>
  Object.fromEntries(
    Object.entries(one).filter(([name, value]) => Number.isFinite(value) && (value !== 0 || name === 'DaysToExpiry')),
  );
