import { expect, it } from 'vitest';
import type { Certificate } from '../../cli/shared/answers.ts';
import { description } from '../../cli/shared/description.ts';

const NOW = Date.parse('2026-11-23T00:00:00.000Z');
const paint = (_: string, text: string): string => text;

const certificate = (spec: object, status: object = {}): Certificate =>
  ({
    team: 'shop',
    name: 'web',
    uid: 'u',
    generation: 1,
    createdAt: '2026-11-22T00:00:00.000Z',
    spec: {
      dnsNames: ['shop.example.com'],
      secretName: 'web',
      issuerRef: { name: 'le', kind: 'ClusterIssuer' },
      ...spec,
    },
    status: {
      conditions: [],
      issuer: { kind: 'ClusterIssuer', name: 'le', ready: 'True', reason: '', message: '' },
      deliveries: [],
      ...status,
    },
  }) as Certificate;
const shown = (...of: Parameters<typeof certificate>): string =>
  description(certificate(...of), [], { paint }, NOW).join('\n');

it('the rules of renewal are shown, whichever of them the spec has', () => {
  expect(shown({ renewBefore: '720h' })).toMatch(/Renew before: +720h/);
  expect(shown({ renewBeforePercentage: 25 })).toMatch(/Renew before: +25% of the lifetime/);
  const windows = [{ cron: '0 3 * * 6', windowDuration: '2h', timezone: 'Europe/Berlin' }];
  const freezes = [{ cron: '0 0 20 12 *', windowDuration: '336h', timezone: 'UTC' }];
  const text = shown({ renewal: { policy: 'RenewBefore', windows, freezes } });
  expect(text).toMatch(/Renewed in: +0 3 \* \* 6 for 2h \(Europe\/Berlin\)/);
  expect(text).toMatch(/Frozen in: +0 0 20 12 \* for 336h \(UTC\)/);
  expect(shown({})).not.toMatch(/Renew before|Renewed in|Frozen in/);
});

it('an issuer that stands in is named, for what was issued and for what is on its way', () => {
  const issuer = { kind: 'ClusterIssuer', name: 'backup' };
  const since = '2026-11-22T23:59:00.000Z';
  const issuance = { revision: 3, run: 1, status: 'running', step: 'Order', since, issuer };
  const text = shown({}, { revision: 2, issuedBy: issuer, issuance });
  expect(text).toMatch(/Issued by: +ClusterIssuer backup/);
  expect(text).toMatch(/At: +ClusterIssuer backup, in the place of le/);
  expect(shown({}, { revision: 2, issuance: { ...issuance, issuer: undefined } })).not.toMatch(/Issued by|At: /);
});
