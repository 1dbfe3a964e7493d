/**
 * `npm run simulate [-- --years N --certificates N --seed N --json --check]`: years of renewals in minutes. The ledger's deciders, the steps, the
 * reactions, the limit ledger and the scan are the product's own; clock, CA, DNS and storage are simulated. The same seed gives the same run.
 */
import { parseArgs } from 'node:util';
import { DAY, HOUR, YEAR } from './simulate/calendar.ts';
import { ONBOARDING } from './simulate/judge.ts';
import { simulate } from './simulate/world.ts';
import { type Figure, report, residentMiB } from './support.ts';

const { values } = parseArgs({
  options: {
    years: { type: 'string', default: '10' },
    certificates: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});

function number(name: 'years' | 'certificates' | 'seed', least: number): number {
  const value = Number(values[name]);
  if (Number.isFinite(value) && value >= least) return value;
  console.error(`--${name} ${values[name]}: give a number from ${least} on`);
  process.exit(2);
}

const years = number('years', 0.1);
const certificates = number('certificates', 20);
const options = {
  seed: number('seed', 0),
  years,
  certificates,
  domains: Math.max(10, Math.round(certificates / 20)),
  teams: Math.max(2, Math.round(certificates / 250)),
};
const began = performance.now();
const days = Math.round((years * YEAR) / DAY);
const { judge, calendar, installation, start, end } = await simulate({
  ...options,
  progress: (day, { issued, expiries }) => {
    if (day % 30 !== 0) return;
    const seconds = Math.round((performance.now() - began) / 1000);
    console.error(`day ${day} of ${days}: ${issued} issued, ${expiries.length} expired, ${seconds} s`);
  },
});
const rates = judge.rates(start + Math.min(ONBOARDING, (end - start) / 2), end);
const outages = calendar.caOutages.map(({ from, to }) => (to - from) / HOUR);
const lives = [...judge.issuedByLife].sort(([a], [b]) => b - a);
const lifeOf = (life: number): string => (life < 10 * DAY ? `${life / HOUR} hours` : `${life / DAY} days`);
const avoidable = judge.expiries.filter((expiry) => expiry.avoidable);
for (const { name, due, deadline } of avoidable.slice(0, 10)) {
  console.error(`avoidable: ${name}, due ${new Date(due).toISOString()}, ended ${new Date(deadline).toISOString()}`);
}
const figures: Figure[] = [
  { name: 'certificates', value: certificates, unit: '' },
  { name: 'outages of the CA', value: calendar.caOutages.length, unit: '' },
  { name: 'shortest outage of the CA', value: Math.min(...outages), unit: 'h' },
  { name: 'longest outage of the CA', value: Math.max(...outages), unit: 'h' },
  { name: 'domains without DNS for a while', value: calendar.dnsOutages.size, unit: '' },
  { name: 'mass revocations', value: calendar.revocations.length, unit: '' },
  { name: 'share that one revokes', value: 100 * (calendar.revocations[0]?.share ?? 0), unit: '%' },
  ...lives.map(([life, count]) => ({ name: `issued for ${lifeOf(life)}`, value: count, unit: '' })),
  { name: 'expiries that a start could have avoided', value: avoidable.length, unit: '', reach: { atMost: 0 } },
  { name: 'expiries that nothing could have avoided', value: judge.expiries.length - avoidable.length, unit: '' },
  { name: "requests beyond the CA's limits", value: judge.exceeded, unit: '', reach: { atMost: 0 } },
  { name: 'runs that waited for a limit', value: judge.deferred, unit: '' },
  { name: 'orders', value: judge.orders, unit: '' },
  { name: 'orders a certificate and year', value: judge.orders / certificates / years, unit: '' },
  { name: 'issuances to the fewest possible', value: judge.toIdeal, unit: 'x' },
  { name: 'orders an hour, mean', value: rates.mean, unit: '/h' },
  { name: 'orders an hour, peak in ordinary times', value: rates.peaks.ordinary, unit: '/h' },
  { name: 'orders an hour, peak after a mass revocation', value: rates.peaks.revocation, unit: '/h' },
  { name: 'orders an hour, peak after an outage', value: rates.peaks.outage, unit: '/h' },
  { name: 'peak to mean in ordinary times', value: rates.peaks.ordinary / rates.mean, unit: 'x' },
  { name: 'peak to mean, all', value: Math.max(...Object.values(rates.peaks)) / rates.mean, unit: 'x' },
  { name: 'scans that found something', value: installation.counts.scans, unit: '' },
  { name: 'commits', value: installation.counts.commits, unit: '' },
  { name: 'seconds', value: (performance.now() - began) / 1000, unit: 's' },
  { name: 'resident memory', value: residentMiB(), unit: 'MiB' },
];
report(`${years} years of ${certificates} certificates, seed ${options.seed}`, figures, { ...values, rounds: 1 });
