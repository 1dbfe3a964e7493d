import { afterEach, beforeEach, expect, it } from 'vitest';
import { replaceCertificates } from '../../lib/application/replace.ts';
import { scan } from '../../lib/application/scan.ts';
import { certificateStream } from '../../lib/domain/certificate.ts';
import { secondsBetween } from '../../lib/domain/time.ts';
import {
  type Core,
  eventually,
  loadCertificate,
  putIssuer,
  putTeam,
  requestCertificate,
  settled,
  startCore,
} from '../support/core.ts';
import { certificatesOf, eventsOf, issuedChain, keyHash, movableClock } from '../support/issuing.ts';
import { specOf } from '../support/specs.ts';
import { tempDir } from '../support/temp.ts';

const COUNT = 30;
const meta = { actor: 'test' };
const names = Array.from({ length: COUNT }, (_, index) => `app-${String(index).padStart(2, '0')}`);

let core: Core;
let clock: ReturnType<typeof movableClock>;

beforeEach(async () => {
  clock = movableClock();
  core = await startCore(tempDir('replace'), { decorate: clock.decorate });
  await putTeam(core.services, 'shop');
  await putIssuer(core.services, 'shop', 'self', { selfSigned: {} });
  await putIssuer(core.services, 'shop', 'other', { selfSigned: {} });
});
afterEach(() => core.stop());

async function issued(name: string, more: Partial<Parameters<typeof specOf>[0]> = {}) {
  const issuerRef = { name: 'self', kind: 'Issuer' } as const;
  await requestCertificate(
    core.services,
    'shop',
    name,
    specOf({ dnsNames: [`${name}.example.test`], issuerRef, ...more }),
  );
  return settled(core.services, 'shop', name);
}

const order = { reason: 'CaCompromised', perHour: 360, confirm: true } as const;
const replace = (
  scope: Parameters<typeof replaceCertificates>[1],
  more: Partial<Parameters<typeof replaceCertificates>[2]> = {},
) => replaceCertificates(core.services, scope, { ...order, ...more }, meta);

const revisions = () =>
  Promise.all(names.map(async (name) => (await loadCertificate(core.services, 'shop', name)).issued!.revision));

it('thirty certificates are replaced one after the other, at the rate, the shortest life left first', async () => {
  // The later the name, the shorter the life.
  for (const [index, name] of names.entries()) await issued(name, { duration: `${2000 - index}h` });
  await issued('foreign', { issuerRef: { name: 'other', kind: 'Issuer' } });
  await core.composed.feed.drained();
  const planned = await replace({ issuer: 'shop/self' }, { confirm: false });
  expect(planned).toMatchObject({ confirmed: false, count: COUNT, planned: 0 });
  expect(planned.items.map(({ name }) => name)).toEqual([...names].reverse());
  expect((await loadCertificate(core.services, 'shop', names[0]!)).replacements).toBeUndefined();
  const done = await replace({ issuer: 'shop/self' });
  expect(done.confirmed).toBe(true);
  expect(secondsBetween(done.from!, done.until!)).toBe((COUNT - 1) * 10);
  // Called again, as after an interruption: every one keeps its instant, but for the first, which is on its way.
  expect((await replace({ issuer: 'shop/self' })).count).toBeLessThanOrEqual(1);

  const replacedWithin = async (seconds: number) => {
    clock.ahead(seconds);
    await scan(core.composed.services);
    await core.composed.feed.drained();
    await eventually('nothing is under way', async () => {
      const states = await Promise.all(names.map((name) => loadCertificate(core.services, 'shop', name)));
      return states.every(({ issuing }) => !issuing);
    });
    return (await revisions()).filter((revision) => revision > 1).length;
  };
  const half = await replacedWithin(95);
  expect(half).toBeGreaterThanOrEqual(10);
  expect(half).toBeLessThan(COUNT);
  expect((await revisions()).slice(-10).every((revision) => revision === 2)).toBe(true);
  expect(await replacedWithin(300)).toBe(COUNT);
  // Whoever calls once more names the time of the first call, or has all of them replaced a second time.
  const scope = { issuer: 'shop/self', issuedBefore: done.from! };
  expect((await replace(scope, { confirm: false })).count).toBe(0);
  expect((await replace({ issuer: 'shop/self' }, { confirm: false })).count).toBe(COUNT);
  expect((await loadCertificate(core.services, 'shop', 'foreign')).issued!.revision).toBe(1);
}, 60_000);

it('a key that others know is found in every certificate that has it, and replaced by new ones', async () => {
  const privateKey = { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Never' } as const;
  await issued('leaked', { privateKey });
  await issued('safe');
  await core.composed.feed.drained();
  const keyOf = async () => keyHash(certificatesOf(await issuedChain(core.services, 'shop', 'leaked'))[0]!);
  const key = await keyOf();
  const { items } = await replace({ key }, { confirm: false, reason: 'KeyCompromised' });
  expect(items.map(({ name }) => name)).toEqual(['leaked']);
  await replace({ key: 'shop/leaked' }, { reason: 'KeyCompromised' });
  await eventually(
    'it is replaced',
    async () => (await loadCertificate(core.services, 'shop', 'leaked')).issued!.revision === 2,
  );
  expect(await keyOf()).not.toBe(key);
});

it('what a CA certificate signs is replaced, and a pattern of names narrows it', async () => {
  await issued('root', { isCA: true, secretName: 'root-tls' });
  await putIssuer(core.services, 'shop', 'ours', { ca: { secretName: 'root-tls' } });
  const issuerRef = { name: 'ours', kind: 'Issuer' } as const;
  await issued('one', { issuerRef });
  await issued('two', { issuerRef });
  await issued('three');
  await core.composed.feed.drained();
  const plan = async (scope: Parameters<typeof replace>[0]) =>
    (await replace(scope, { confirm: false })).items.map(({ name }) => name).sort();
  expect(await plan({ ca: 'shop/root' })).toEqual(['one', 'two']);
  expect(await plan({ ca: 'shop/root', name: 't*' })).toEqual(['two']);
  expect(await plan({ name: 't*.example.test', team: 'shop' })).toEqual(['three', 'two']);
  await expect(plan({ ca: 'shop/unknown' })).rejects.toMatchObject({ code: 'CertificateNotFound' });
});

it('whoever dies half way calls again: each is planned once, and none twice', async () => {
  for (const name of names.slice(0, 12)) await issued(name);
  await core.composed.feed.drained();
  let left = 5;
  const { ledger } = core.services;
  const handle: typeof ledger.handle = async (...args) => {
    if (left-- <= 0) throw new Error('the process is dead');
    return ledger.handle(...args);
  };
  const dying = { load: ledger.load.bind(ledger), handle } as typeof ledger;
  const scope = { team: 'shop', name: 'app-*' };
  const slow = { reason: 'Manual', perHour: 1, confirm: true } as const;
  await expect(replaceCertificates({ ...core.services, ledger: dying }, scope, slow, meta)).rejects.toThrow('dead');
  const again = await replace(scope, slow);
  expect(again.count + again.planned).toBe(12);
  expect(again.planned).toBeGreaterThan(0);
  for (const name of names.slice(0, 12)) {
    const events = await eventsOf(core.services, certificateStream('shop', name));
    expect(events.filter(({ type }) => type === 'ReplacementScheduled')).toHaveLength(1);
  }
  expect(await replace(scope, slow)).toMatchObject({ count: 0 });
});
