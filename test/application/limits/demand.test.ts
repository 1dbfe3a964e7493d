import { expect, it } from 'vitest';
import { demandsOf, type Holder } from '../../../lib/application/limits/demand.ts';
import { plusSeconds } from '../../../lib/domain/time.ts';

const now = '2026-11-23T00:00:00.000Z';
const DAY = 86_400;

const holder = (more: Partial<Holder> = {}): Holder => ({
  team: 'shop',
  issuer: 'le',
  dnsNames: ['shop.example.com'],
  underWay: false,
  ...more,
});
const issued = holder({ notBefore: plusSeconds(now, -10 * DAY), renewalTime: plusSeconds(now, 20 * DAY) });

it('a certificate that is issued asks at its renewal, and as often again as it lives until then', () => {
  expect(demandsOf([issued], false, 0, now)).toEqual([{ first: issued.renewalTime, every: 30 * DAY }]);
});

it('a renewal that is due since yesterday asks now', () => {
  const due = { ...issued, renewalTime: plusSeconds(now, -DAY) };
  expect(demandsOf([due], false, 0, now)).toEqual([{ first: now, every: 9 * DAY }]);
});

it('a renewal that the CA does not count asks for nothing, and so does one that is switched off', () => {
  expect(demandsOf([issued], true, 0, now)).toEqual([]);
  expect(demandsOf([{ ...issued, renewalTime: undefined }], false, 0, now)).toEqual([]);
});

it('a new certificate asks now, whatever the CA does not count', () => {
  expect(demandsOf([holder()], true, 0, now)).toEqual([{ first: now }]);
});

it('who has a reservation is not counted a second time', () => {
  const fresh = holder({ underWay: true });
  expect(demandsOf([fresh, fresh, fresh], true, 2, now)).toEqual([{ first: now }]);
  const renewing = { ...issued, renewalTime: now, underWay: true };
  expect(demandsOf([renewing, issued], false, 1, now)).toEqual([
    { first: plusSeconds(now, 10 * DAY), every: 10 * DAY },
    { first: issued.renewalTime, every: 30 * DAY },
  ]);
});
