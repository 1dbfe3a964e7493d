import { afterEach, expect, it } from 'vitest';
import { scheduledScan } from '../../../functions/schedule/scan.ts';
import { CERTIFICATES } from '../../../lib/application/projections.ts';
import type { Measurement } from '../../../lib/ports/metrics.ts';
import { append } from '../../support/ledger.ts';
import { type TestServices, testServices } from '../../support/services.ts';

let made: TestServices | undefined;
afterEach(() => made?.close());

it('A scan tells that it ran, and how the whole stands and the teams of which there is something to say: no noughts, which would cost', async () => {
  made = testServices({ clock: { now: () => '2026-06-01T00:00:00.000Z' } });
  const { services } = made;
  const watch = { expires: '2026-06-03T00:00:00.000Z', owed: '2026-05-01T00:00:00.000Z', issuer: 'web/own' };
  const doc = { notBefore: '2026-03-05T00:00:00.000Z', notAfter: watch.expires };
  await services.views.put({ view: CERTIFICATES, key: 'web/a', version: 1, owner: 'web', doc, watch });
  await append(services.store, 'nothing/a', 1, { dueAt: '2026-05-31T00:00:00.000Z' });
  const told: (readonly Measurement[])[] = [];
  await scheduledScan({ ...services, metrics: (measured) => void told.push(measured) })();
  expect(told).toHaveLength(1);
  const [[whole, ...parts] = []] = told;
  expect(whole).toEqual({
    metrics: {
      Scans: 1,
      DaysToExpiry: 2,
      RenewalsOverdue: 1,
    },
  });
  expect(parts).toEqual([
    { team: 'web', metrics: { DaysToExpiry: 2, RenewalsOverdue: 1 } },
    { issuer: 'web/own', metrics: { DaysToExpiry: 2, RenewalsOverdue: 1 } },
  ]);
});
