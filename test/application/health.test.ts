import { afterEach, expect, it } from 'vitest';
import { MOST_PARTS, MOST_READ, measureHealth, OTHERS } from '../../lib/application/health.ts';
import { CERTIFICATES, DELIVERIES, ISSUANCES } from '../../lib/application/projections.ts';
import { soonEnd } from '../../lib/domain/lifeLeft.ts';
import { plusSeconds } from '../../lib/domain/time.ts';
import type { Watch } from '../../lib/ports/views.ts';
import { type TestServices, testServices } from '../support/services.ts';

const NOW = '2026-06-01T00:00:00.000Z';
let made: TestServices | undefined;
afterEach(() => made?.close());

type Row = readonly [view: string, watch: Watch, team?: string, doc?: object];

/** The row of a certificate that lives for so many days, as the projection would write it. */
function living(days: number, notAfter: string, issuer?: string, team?: string): Row {
  const notBefore = plusSeconds(notAfter, -days * 86_400);
  return [CERTIFICATES, { expires: soonEnd(notBefore, notAfter), issuer }, team, { notBefore, notAfter }];
}

async function servicesWith(rows: readonly Row[]) {
  made = testServices({ clock: { now: () => NOW } });
  for (const [index, [view, watch, owner = 'web', life]] of rows.entries()) {
    const doc = { ...(watch.expires && { notBefore: '2026-03-01T00:00:00.000Z', notAfter: watch.expires }), ...life };
    await made.services.views.put({ view, key: `${owner}/${index}`, version: 1, owner, doc, watch });
  }
  return made.services;
}
const healthOf = async (rows: readonly Row[]) => measureHealth(await servicesWith(rows));

const NOTHING = { RenewalsOverdue: 0, IssuancesFailing: 0, DeliveriesFailing: 0, DeliveriesLate: 0 };

it('An installation with nothing has no days until the first expiry, and no team or issuer to speak of', async () => {
  expect(await healthOf([])).toEqual({ whole: NOTHING, parts: [] });
});

it('The certificate that expires first counts, and a renewal is overdue after a day', async () => {
  const { whole } = await healthOf([
    [CERTIFICATES, { expires: '2026-06-11T12:00:00.000Z', owed: '2026-05-30T23:59:59.000Z' }],
    [CERTIFICATES, { expires: '2026-08-01T00:00:00.000Z', owed: '2026-05-31T00:00:01.000Z' }],
    [CERTIFICATES, {}],
  ]);
  expect(whole).toEqual({ ...NOTHING, DaysToExpiry: 10.5, RenewalsOverdue: 1 });
});

it.each([
  [144, Number.POSITIVE_INFINITY, 7],
  [72, Number.POSITIVE_INFINITY, 7],
  [37, Number.POSITIVE_INFINITY, 7],
  [35, 7, 3],
  [16, 7, 3],
  [15, 3, 0],
  [-1, 0, Number.NEGATIVE_INFINITY],
])(
  'A certificate that lives for six days and has %d hours counts below %d and above %d',
  async (hours, below, above) => {
    const { whole, parts } = await healthOf([
      living(6, plusSeconds(NOW, hours * 3600), 'short'),
      living(90, '2026-08-01T00:00:00.000Z', 'le'),
    ]);
    expect(whole.DaysToExpiry).toBeLessThan(below);
    expect(whole.DaysToExpiry).toBeGreaterThan(above);
    const own = parts.find(({ issuer }) => issuer === 'short')?.metrics.DaysToExpiry;
    expect(own).toBe(above < 7 ? whole.DaysToExpiry : undefined);
  },
);

it('Of several the least counts, also where the one with fewer hours has more of its life left', async () => {
  const { whole, parts } = await healthOf([
    living(6, '2026-06-02T11:00:00.000Z', 'short'),
    living(90, '2026-06-02T12:00:00.000Z', 'le'),
  ]);
  expect(whole.DaysToExpiry).toBe(1.5);
  expect(parts.find(({ issuer }) => issuer === 'short')?.metrics.DaysToExpiry).toBeCloseTo((35 / 144) * 28);
});

it('What failed at its last turn is counted, and what was not delivered within an hour', async () => {
  const { whole } = await healthOf([
    [ISSUANCES, { owed: '2026-05-31T23:59:00.000Z', failing: true, issuer: 'le' }],
    [ISSUANCES, {}],
    [DELIVERIES, { owed: '2026-05-31T23:30:00.000Z', failing: true }],
    [DELIVERIES, { owed: '2026-05-31T22:00:00.000Z', failing: true }],
    [DELIVERIES, { owed: '2026-05-31T22:30:00.000Z' }],
    [DELIVERIES, {}],
  ]);
  expect(whole).toEqual({ ...NOTHING, IssuancesFailing: 1, DeliveriesFailing: 2, DeliveriesLate: 2 });
});

it('Teams and issuers have numbers of their own where there is something to say, and none of what is well', async () => {
  const { parts } = await healthOf([
    [CERTIFICATES, { expires: '2026-06-03T00:00:00.000Z', owed: '2026-05-20T00:00:00.000Z', issuer: 'web/own' }],
    [CERTIFICATES, { expires: '2026-06-05T00:00:00.000Z', owed: '2026-06-02T00:00:00.000Z', issuer: 'le' }, 'shop'],
    [CERTIFICATES, { expires: '2026-06-09T00:00:00.000Z', owed: '2026-06-02T00:00:00.000Z', issuer: 'idle' }, 'idle'],
    [ISSUANCES, { owed: NOW, failing: true, issuer: 'le' }, 'shop'],
    [DELIVERIES, { owed: '2026-05-31T00:00:00.000Z' }],
  ]);
  expect(parts).toEqual([
    { team: 'web', metrics: { DaysToExpiry: 2, RenewalsOverdue: 1, DeliveriesLate: 1 } },
    { team: 'shop', metrics: { DaysToExpiry: 4, IssuancesFailing: 1 } },
    { issuer: 'web/own', metrics: { DaysToExpiry: 2, RenewalsOverdue: 1 } },
    { issuer: 'le', metrics: { DaysToExpiry: 4, IssuancesFailing: 1 } },
  ]);
});

it('The worst teams are named up to a bound, and all others are one', async () => {
  const failures = Array.from({ length: MOST_PARTS + 3 }, (_, index) => index + 1);
  const { parts } = await healthOf(
    failures.flatMap((count) =>
      Array.from({ length: count }, (): Row => [ISSUANCES, { owed: NOW, failing: true }, `team-${count}`]),
    ),
  );
  expect(parts.length).toBe(MOST_PARTS + 1);
  expect(parts[0]).toEqual({ team: `team-${failures.length}`, metrics: { IssuancesFailing: failures.length } });
  expect(parts.at(-1)).toEqual({ team: OTHERS, metrics: { IssuancesFailing: 1 + 2 + 3 } });
});

it('No more rows are read than need attention, and never more than a bound', async () => {
  const services = await servicesWith([
    [CERTIFICATES, { expires: '2026-06-03T00:00:00.000Z', owed: '2026-05-20T00:00:00.000Z' }],
    ...Array.from(
      { length: 40 },
      (): Row => [CERTIFICATES, { expires: '2026-08-03T00:00:00.000Z', owed: '2026-07-01T00:00:00.000Z' }],
    ),
  ]);
  let read = 0;
  const limits: number[] = [];
  const refused = () => {
    throw new Error('reads what exists');
  };
  const { earliest } = services.views;
  const views = {
    ...services.views,
    list: refused,
    count: refused,
    async earliest(...asked: Parameters<typeof earliest>) {
      const rows = await earliest(...asked);
      limits.push(asked[2].limit);
      read += rows.length;
      return rows;
    },
  };
  expect((await measureHealth({ ...services, views })).whole.RenewalsOverdue).toBe(1);
  expect(read).toBe(3);
  expect(Math.max(...limits)).toBe(MOST_READ);
});
