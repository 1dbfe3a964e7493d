import { afterEach, expect, it } from 'vitest';
import { scan } from '../../lib/application/scan.ts';
import { issuerDecider, issuerStream } from '../../lib/domain/issuer.ts';
import { eventually, putIssuer } from '../support/core.ts';
import { refusal } from '../support/doubles/ca.ts';
import { startWorld, type World } from '../support/doubles/world.ts';

const DAY = 86_400;
let world: World;
afterEach(() => world.stop());

it('an issuer that a clock ahead of its time found unready is checked at the next start, and not a day later', async () => {
  let away = true;
  world = await startWorld({
    decorate: (services) => {
      const { acme } = services;
      const meta: typeof acme.meta = async (...args) => {
        if (away) throw refusal('caTlsUntrusted', 400);
        return acme.meta(...args);
      };
      return { ...services, acme: Object.assign(Object.create(acme) as typeof acme, { meta }) };
    },
  });
  const state = async () => (await world.services.ledger.load(issuerDecider, issuerStream('shop', 'ahead'))).state;
  const isReady = async () => (await state()).ready === 'ready';
  world.turn(DAY);
  const solvers = [{ dns01: { webhook: { url: 'https://dns' } } }];
  await putIssuer(world.services, 'shop', 'ahead', { acme: { server: 'https://ca', solvers } });
  await eventually('it is unready', async () => (await state()).ready === 'unready');
  world.turn(-DAY);
  away = false;
  await scan(world.services);
  expect(await isReady()).toBe(false);
  await scan(world.services, { resume: true });
  expect(await isReady()).toBe(true);
});
