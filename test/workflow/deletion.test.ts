import { afterEach, expect, it } from 'vitest';
import { chainRefOf, keyRefOf } from '../../lib/application/references.ts';
import { scan } from '../../lib/application/scan.ts';
import type { Services } from '../../lib/application/services.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { certificateStream } from '../../lib/domain/certificate.ts';
import { type Destination, destinationKey } from '../../lib/domain/destination.ts';
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
import { deliveryOf, eventsOf, movableClock, renew } from '../support/issuing.ts';
import { specOf } from '../support/specs.ts';
import { tempDir } from '../support/temp.ts';

const DAY = 86_400;
const APP = certificateStream('shop', 'app');

interface Setting {
  core: Core;
  readonly clock: ReturnType<typeof movableClock>;
  readonly disk: Destination;
  /** What the vault is asked to purge; throws to have the process die there. */
  purging: (ref: string) => void;
  readonly scanned: () => Promise<void>;
  readonly restart: () => Promise<void>;
}

const open: Setting[] = [];
afterEach(async () => {
  for (const { core } of open.splice(0)) await core.stop();
});

async function made(): Promise<Setting> {
  const clock = movableClock();
  const root = tempDir('deletion-root');
  const folder = tempDir('deletion');
  const decorate = (plain: Services): Services => {
    const vault = {
      ...plain.vault,
      purge: async (ref: string) => {
        setting.purging(ref);
        await plain.vault.purge(ref);
      },
    };
    return clock.decorate({ ...plain, vault });
  };
  const start = () => startCore(folder, { decorate, directoryRoots: [root] });
  const setting: Setting = {
    core: undefined as unknown as Core,
    clock,
    disk: { kind: 'directory', path: `${root}/app` },
    purging: () => {},
    scanned: async () => {
      await scan(setting.core.composed.services);
    },
    restart: async () => {
      await setting.core.stop();
      setting.core = await start();
    },
  };
  setting.core = await start();
  open.push(setting);
  await putTeam(setting.core.services, 'shop');
  await putIssuer(setting.core.services, 'shop', 'self', { selfSigned: {} });
  return setting;
}

async function issued({ core, disk }: Setting) {
  const issuerRef = { name: 'self', kind: 'Issuer' } as const;
  const spec = specOf({ dnsNames: ['app.example.test'], issuerRef, destinations: [disk] });
  await requestCertificate(core.services, 'shop', 'app', spec);
  return settled(core.services, 'shop', 'app');
}

async function renewed(setting: Setting, revision: number): Promise<void> {
  await renew(setting.core.services, 'shop', 'app', revision - 1);
  await eventually(`revision ${revision} is issued`, async () => {
    const state = await loadCertificate(setting.core.services, 'shop', 'app');
    return state.issued?.revision === revision && !state.issuing;
  });
  await settled(setting.core.services, 'shop', 'app');
}

const remove = ({ core }: Setting, withdraw: boolean, grace = 0) =>
  core.services.ledger.handle(certificateDecider, APP, { type: 'Delete', withdraw, grace }, { actor: 'test' });

const sealed = async ({ core }: Setting, ref: string) => (await core.services.vault.open(ref, 'shop')) !== undefined;

const purged = (setting: Setting, count = 1) =>
  eventually('it is purged', async () => {
    await setting.scanned();
    const types = (await eventsOf(setting.core.services, APP)).map(({ type }) => type);
    return types.filter((type) => type === 'CertificatePurged').length === count;
  });

it('keeps keys, chains and copies for the grace, and takes all of them away after it', async () => {
  const setting = await made();
  const { uid } = await issued(setting);
  await renewed(setting, 2);
  await remove(setting, true, DAY);
  setting.clock.ahead(DAY - 600);
  await setting.scanned();
  expect(await sealed(setting, keyRefOf(uid, 1))).toBe(true);
  expect((await deliveryOf(setting.core.services, setting.disk)).status).toBe('confirmed');
  setting.clock.ahead(700);
  await purged(setting);
  for (const revision of [1, 2]) {
    expect(await sealed(setting, keyRefOf(uid, revision))).toBe(false);
    expect(await sealed(setting, chainRefOf(uid, revision))).toBe(false);
  }
  await eventually('the copy is gone', async () => {
    await setting.scanned();
    return (await deliveryOf(setting.core.services, setting.disk)).status === 'released';
  });
  const { state } = await setting.core.services.ledger.load(certificateDecider, APP);
  expect(certificateDecider.dueAt(state)).toBeUndefined();
});

it('a name that is asked for again in time keeps its copies until the new certificate takes their place', async () => {
  const setting = await made();
  const first = await issued(setting);
  await remove(setting, true, DAY);
  const second = await issued(setting);
  expect(second.uid).not.toBe(first.uid);
  setting.clock.ahead(2 * DAY);
  await purged(setting);
  expect(await sealed(setting, keyRefOf(first.uid, 1))).toBe(false);
  expect(await sealed(setting, keyRefOf(second.uid, second.issued!.revision))).toBe(true);
  const types = (await eventsOf(setting.core.services, `delivery/${destinationKey(setting.disk)}`)).map(
    ({ type }) => type,
  );
  expect(types).not.toContain('DeliveryWithdrawn');
});

it('whoever dies at any purge comes to the same end', async () => {
  for (const nth of [1, 2, 3, 4]) {
    const setting = await made();
    const { uid } = await issued(setting);
    await renewed(setting, 2);
    let calls = 0;
    setting.purging = () => {
      if (++calls >= nth) throw new Error('the process is dead');
    };
    await remove(setting, false);
    await eventually('it died', async () => calls >= nth);
    setting.purging = () => {};
    setting.clock.ahead(400);
    await setting.restart();
    await purged(setting);
    expect(await sealed(setting, keyRefOf(uid, 1))).toBe(false);
    expect(await sealed(setting, chainRefOf(uid, 2))).toBe(false);
  }
});

it('of a certificate that lives the keys of the last two revisions stay, a day after every destination holds the last', async () => {
  const setting = await made();
  const { uid } = await issued(setting);
  for (const revision of [2, 3, 4]) await renewed(setting, revision);
  await setting.scanned();
  expect(await sealed(setting, keyRefOf(uid, 1))).toBe(true);
  setting.clock.ahead(DAY + 100);
  await eventually('keys are purged', async () => {
    await setting.scanned();
    return (await eventsOf(setting.core.services, APP)).some(({ type }) => type === 'KeysPurged');
  });
  const kept = await Promise.all([1, 2, 3, 4].map((revision) => sealed(setting, keyRefOf(uid, revision))));
  expect(kept).toEqual([false, false, true, true]);
  expect(await sealed(setting, chainRefOf(uid, 1))).toBe(true);
});
