import { describe, expect, it } from 'vitest';
import { cleanUp } from '../../functions/steps/cleanUp.ts';
import { issuanceStream } from '../../lib/domain/issuance.ts';
import { eventually, loadCertificate } from '../support/core.ts';
import { count, issued, request } from '../support/doubles/app.ts';
import { refusal } from '../support/doubles/ca.ts';
import { worldOfTest } from '../support/doubles/world.ts';
import { issuanceOf } from '../support/issuing.ts';

describe('the due index', () => {
  it('begins the next run when an execution died', async () => {
    let deaths = 0;
    const world = await worldOfTest({
      workflows: {
        handlers: {
          RecordFailure: () => async () => {
            throw new Error('died');
          },
          CleanUp: (services) => {
            return async (input) => {
              if (deaths++ < 5) throw new Error('died');
              return cleanUp(services)(input);
            };
          },
        },
      },
    });
    let broken = true;
    world.ca.controls.before = (action) => {
      if (action === 'finalize' && broken) throw refusal('serverInternal', 500);
    };
    await request(world);
    const { uid } = await loadCertificate(world.services, 'shop', 'app');
    const stream = issuanceStream(uid, 1);
    await eventually('the execution dies', async () =>
      world.logged.some(({ message }) => message.includes('execution failed')),
    );
    expect(await issuanceOf(world.services, stream)).toMatchObject({ status: 'running', run: 1, uncleaned: true });
    broken = false;
    await world.pass(599);
    expect((await issuanceOf(world.services, stream)).run).toBe(1);
    await world.pass(2);
    await issued(world);
    expect((await issuanceOf(world.services, stream)).run).toBe(2);
    expect(count(world.ca.requests, 'newOrder')).toBe(1);
  });

  it('comes back to a clean-up that failed until it is done, and leaves the certificate be', async () => {
    const world = await worldOfTest();
    world.dns.keeps = true;
    await request(world);
    const { uid } = await loadCertificate(world.services, 'shop', 'app');
    const stream = issuanceStream(uid, 1);
    await eventually('it is issued', async () => (await issuanceOf(world.services, stream)).status === 'succeeded');
    await eventually('the clean-up gives up', async () => world.core.composed.workflows.running === 0);
    expect((await issuanceOf(world.services, stream)).uncleaned).toBe(true);
    expect(world.dns.zone.size).toBe(1);
    world.dns.keeps = false;
    await world.pass(61);
    await eventually('it is clean', async () => !(await issuanceOf(world.services, stream)).uncleaned);
    expect(world.dns.zone.size).toBe(0);
    expect((await world.services.store.head(stream))?.dueAt).toBeUndefined();
    expect(count(world.ca.requests, 'newOrder')).toBe(1);
  });
});
