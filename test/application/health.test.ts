import { afterEach, expect, it } from 'vitest';
import { measureHealth } from '../../lib/application/health.ts';
import { CERTIFICATES, DELIVERIES, ISSUANCES } from '../../lib/application/projections.ts';
import { type TestServices, testServices } from '../support/services.ts';

const NOW = '2026-06-01T00:00:00.000Z';
let made: TestServices | undefined;
afterEach(() => made?.close());

async function healthOf(rows: readonly (readonly [view: string, doc: Record<string, unknown>])[]) {
  made = testServices({ clock: { now: () => NOW } });
  for (const [index, [view, doc]] of rows.entries())
    await made.services.views.put({ view, key: `a/${index}`, version: 1, owner: 'a', doc });
  return measureHealth(made.services);
}

it('An installation with nothing has no days until the first expiry', async () => {
  expect(await healthOf([])).toEqual({
    Certificates: 0,
    RenewalsOverdue: 0,
    IssuancesFailing: 0,
    DeliveriesFailing: 0,
  });
});

it('The certificate that expires first counts, and a renewal is overdue after a day', async () => {
  const health = await healthOf([
    [CERTIFICATES, { notAfter: '2026-06-11T12:00:00.000Z', renewalTime: '2026-05-30T23:59:59.000Z' }],
    [CERTIFICATES, { notAfter: '2026-08-01T00:00:00.000Z', renewalTime: '2026-05-31T00:00:01.000Z' }],
    [CERTIFICATES, {}],
  ]);
  expect(health).toMatchObject({ Certificates: 3, DaysToExpiry: 10.5, RenewalsOverdue: 1 });
});

it('What failed at its last turn is counted, and nothing else', async () => {
  const health = await healthOf([
    [ISSUANCES, { status: 'failed' }],
    [ISSUANCES, { status: 'running' }],
    [DELIVERIES, { status: 'failed' }],
    [DELIVERIES, { status: 'refused' }],
    [DELIVERIES, { status: 'confirmed' }],
  ]);
  expect(health).toMatchObject({ IssuancesFailing: 1, DeliveriesFailing: 2 });
});
