import { expect, it } from 'vitest';
import { renewAt } from '../../lib/domain/certificate.ts';
import { defaultPolicy, policyOf } from '../../lib/domain/policy.ts';
import type { RenewalSpec } from '../../lib/domain/spec.ts';
import { teamDecider, teamStream } from '../../lib/domain/team.ts';
import { eventually, loadCertificate, requestCertificate, settled } from '../support/core.ts';
import { type World, worldOfTest } from '../support/doubles/world.ts';
import { specOf } from '../support/specs.ts';

/** From the first of each month on, longer than a month lasts. */
const always = { cron: '0 0 1 * *', windowDuration: '1000h', timezone: 'UTC' };

const setTimes = ({ services }: World, renewal?: RenewalSpec) => {
  const policy = policyOf('shop', { ...defaultPolicy, names: ['**'], ...(renewal && { renewal }) });
  return services.ledger.handle(teamDecider, teamStream('shop'), { type: 'Put', policy }, { actor: 'test' });
};

it("a freeze of the team's holds for a certificate that it has, until it is lifted: then what was held back is renewed", async () => {
  const world = await worldOfTest();
  const issuerRef = { name: 'double', kind: 'Issuer' } as const;
  await requestCertificate(world.services, 'shop', 'web', specOf({ dnsNames: ['web.example.test'], issuerRef }));
  const { issued } = await settled(world.services, 'shop', 'web');
  const load = () => loadCertificate(world.services, 'shop', 'web');
  const free = renewAt(await load())!;
  await eventually('the view has it', async () => world.services.views.get('certificates', 'shop/web'));

  await setTimes(world, { policy: 'RenewBefore', windows: [], freezes: [always] });
  const frozen = await eventually('it follows', async () => (await load()).spec.renewal?.of === 'team' && load());
  expect(renewAt(frozen)! > free).toBe(true);
  await world.pass((Date.parse(free) - Date.now()) / 1000 + 60);
  await world.pass(60);
  expect((await load()).issued).toEqual(issued);

  await setTimes(world);
  await eventually('it follows again', async () => (await load()).spec.renewal === undefined);
  await world.pass(60);
  await eventually('it is renewed', async () => (await load()).issued?.revision === 2);
});
