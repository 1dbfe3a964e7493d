import { afterEach, expect, it } from 'vitest';
import { MOST_PARTS, MOST_READ, measureHealth, OTHERS } from '../../lib/application/health.ts';
import { CERTIFICATES, DELIVERIES, ISSUANCES } from '../../lib/application/projections.ts';
import type { Watch } from '../../lib/ports/views.ts';
import { type TestServices, testServices } from '../support/services.ts';

const NOW = '2026-06-01T00:00:00.000Z';
let made: TestServices | undefined;
afterEach(() => made?.close());

type Row = readonly [view: string, watch: Watch, team?: string];

async function servicesWith(rows: readonly Row[]) {
  made = testServices({ clock: { now: () => NOW } });
  for (const [index, [view, watch, owner = 'web']] of rows.entries())
    await made.services.views.put({ view, key: `${owner}/${index}`, version: 1, owner, doc: {}, watch });
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
