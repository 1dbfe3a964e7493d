import { afterEach, expect, it } from 'vitest';
import { issuanceStream } from '../../lib/domain/issuance.ts';
import { serviceError } from '../support/aws.ts';
import { eventually, loadCertificate, requestCertificate, settled, specOf } from '../support/core.ts';
import { startWorld, type World } from '../support/doubles/world.ts';
import { issuanceOf } from '../support/issuing.ts';

let world: World | undefined;
afterEach(() => world?.stop());

it('A run for which the state machines have no room is started by a later scan, once', async () => {
  let full = true;
  const made = await startWorld({
    decorate: (services) => {
      const start: typeof services.workflows.start = async (...run) => {
        if (full) throw serviceError('ExecutionLimitExceeded', 'the quota of open executions is reached');
        return services.workflows.start(...run);
      };
      return { ...services, workflows: Object.assign(Object.create(services.workflows), { start }) };
    },
  });
  world = made;
  const spec = specOf({
    dnsNames: ['app.example.test'],
    issuerRef: { name: 'double', kind: 'Issuer' },
    destinations: [],
  });
  await requestCertificate(made.services, 'shop', 'app', spec);
  await eventually('the refusal is logged', async () =>
    made.logged.some(({ fields }) => JSON.stringify(fields).includes('quota of open executions')),
  );
  const { uid } = await loadCertificate(made.services, 'shop', 'app');
  expect(await issuanceOf(made.services, issuanceStream(uid, 1))).toMatchObject({ status: 'running', run: 1 });
  expect(made.tasks).toEqual([]);
  full = false;
  await made.pass(601);
  await settled(made.services, 'shop', 'app');
  expect(made.tasks.filter((task) => task.startsWith('Order'))).toEqual(['Order done']);
});
