import { expect, it } from 'vitest';
import { warningsOf } from '../../lib/application/warnings.ts';
import type { Issued } from '../../lib/domain/issued.ts';
import type { CertificateSpec, RenewalSpec } from '../../lib/domain/spec.ts';
import { plus, START } from '../support/decider.ts';
import { specOf } from '../support/specs.ts';

const DAY = 86_400;
const of = (spec: Partial<CertificateSpec>, lifetime?: number) => {
  const issued = lifetime === undefined ? undefined : ({ notBefore: START, notAfter: plus(lifetime) } as Issued);
  return warningsOf({ spec: specOf(spec), issued }, START);
};
const renewal = (more: Partial<RenewalSpec>): Partial<CertificateSpec> => ({
  renewal: { policy: 'RenewBefore', windows: [], freezes: [], ...more },
});
const window = (cron: string, windowDuration = '2h') => ({ cron, windowDuration, timezone: 'UTC' });

it('nothing is said of what is usual', () => {
  expect(of({})).toEqual([]);
  expect(of({ renewBefore: '1080h' })).toEqual([]);
  expect(of({ renewBefore: '720h' }, 90 * DAY)).toEqual([]);
  expect(of(renewal({ windows: [window('0 2 * * *')] }))).toEqual([]);
});

it('a renewBefore over half of the lifetime is told with the time at which it renews', () => {
  expect(of({ renewBefore: '2000h' })).toEqual([
    {
      code: 'RenewBeforeOverHalf',
      field: 'spec.renewBefore',
      message: `2000h is over half of the lifetime (2160h): it is renewed 160h after it begins, about ${plus(160 * 3600)}`,
    },
  ]);
});

it('a percentage over half is told in the same way', () => {
  expect(of({ renewBeforePercentage: 50 })).toEqual([]);
  expect(of({ renewBeforePercentage: 99 }, 100 * DAY)).toEqual([
    {
      code: 'RenewBeforeOverHalf',
      field: 'spec.renewBeforePercentage',
      message: `99% is over half of the lifetime (2400h): it is renewed 24h after it begins, about ${plus(DAY)}`,
    },
  ]);
});

it('the actual lifetime counts, where the CA gave a shorter one', () => {
  expect(of({ renewBefore: '720h' }, 45 * DAY)[0]).toMatchObject({ code: 'RenewBeforeOverHalf' });
  const [warning] = of({ renewBefore: '720h' }, 6 * DAY);
  expect(warning).toMatchObject({ code: 'RenewBeforeOverLifetime' });
  expect(warning!.message).toContain(`72h after it begins, about ${plus(3 * DAY)}`);
});

it('a window that never opens is told, and that the override acts', () => {
  expect(of(renewal({ windows: [window('0 2 30 2 *')] }))).toEqual([
    { code: 'WindowNeverOpens', field: 'spec.renewal.windows[0].cron', message: 'no day is ever 0 2 30 2 *' },
    { code: 'NoWindowInTime', field: 'spec.renewal', message: expect.stringContaining(plus(81 * DAY)) },
  ]);
  expect(of(renewal({ windows: [window('0 2 30 2 *'), window('0 2 * * *')] })).map(({ code }) => code)).toEqual([
    'WindowNeverOpens',
  ]);
  expect(of(renewal({ freezes: [window('* * * * *')] })).map(({ code }) => code)).toEqual(['NoWindowInTime']);
});

it('that nothing is renewed is told with the end', () => {
  expect(of(renewal({ policy: 'Disabled' }), 90 * DAY)).toMatchObject([
    { code: 'RenewalDisabled', message: `it is not renewed: it ends at ${plus(90 * DAY)}` },
  ]);
});
