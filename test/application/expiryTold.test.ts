import { afterEach, expect, it } from 'vitest';
import { announce } from '../../lib/application/announce.ts';
import { scan } from '../../lib/application/scan.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { certificateStream } from '../../lib/domain/certificate.ts';
import type { BusEvent } from '../../lib/ports/bus.ts';
import { plus, START } from '../support/decider.ts';
import { type TestServices, testServices } from '../support/services.ts';
import { specOf } from '../support/specs.ts';

const DAY = 86_400;
const APP = certificateStream('shop', 'app');
const meta = { actor: 'test' };

let made: TestServices | undefined;
afterEach(() => made?.close());

/** A certificate of ninety days whose issuances never end. */
async function unrenewed() {
  let now = START;
  made = testServices({ clock: { now: () => now } });
  const services = { ...made.services, workflows: { start: async () => 'running' as const } };
  const { ledger, store } = services;
  const spec = specOf({ dnsNames: ['app.example.test'] });
  await ledger.handle(certificateDecider, APP, { type: 'Request', uid: 'u1', spec, policyVersion: 1 }, meta);
  const issue = (revision: number) => {
    const times = { notBefore: now, notAfter: plus(90 * DAY, now) };
    const issued = { revision, generation: 1, serial: '01', fingerprint: 'f', chainRef: 'c', keyRef: 'k', ...times };
    return ledger.handle(certificateDecider, APP, { type: 'RecordIssued', uid: 'u1', issued }, meta);
  };
  return {
    issue,
    async scanAt(at: string) {
      now = at;
      await scan(services);
    },
    /** What was told of near ends. */
    async told(): Promise<BusEvent[]> {
      const events: BusEvent[] = [];
      const bus = { publish: async (more: readonly BusEvent[]) => void events.push(...more) };
      await announce({ store, bus }, await store.commits(APP));
      return events.filter(({ type }) => type === 'certificate.expiring');
    },
  };
}

it('The near end of a certificate is told by the scan, once, however often it comes by', async () => {
  const { issue, scanAt, told } = await unrenewed();
  await issue(1);
  for (const day of [61, 70, 82.9]) await scanAt(plus(day * DAY));
  expect(await told()).toEqual([]);
  for (let minutes = 0; minutes <= 60; minutes += 5) await scanAt(plus(83 * DAY + minutes * 60));
  await scanAt(plus(89 * DAY));
  expect(await told()).toEqual([expect.objectContaining({ revision: 1, notAfter: plus(90 * DAY), name: 'app' })]);
});

it('is not told of one that was renewed in time, and again of its successor', async () => {
  const { issue, scanAt, told } = await unrenewed();
  await issue(1);
  await scanAt(plus(61 * DAY));
  await issue(2);
  await scanAt(plus(89 * DAY));
  expect(await told()).toEqual([]);
  await scanAt(plus(125 * DAY));
  await scanAt(plus(149 * DAY));
  expect(await told()).toEqual([expect.objectContaining({ revision: 2 })]);
});
