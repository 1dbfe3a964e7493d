import { describe, expect, it } from 'vitest';
import { LimitReached } from '../../../lib/application/limits/buckets.ts';
import { reserveRegistration } from '../../../lib/application/limits/reserve.ts';
import { limitKey } from '../../../lib/domain/caLimits.ts';
import { tokens } from '../../../lib/domain/limits.ts';
import { HOST, limitServices } from '../../support/limitServices.ts';

describe('new accounts', () => {
  const spec = {
    server: `https://${HOST}/dir`,
    solvers: [],
    rateLimits: { newRegistrations: { count: 1, period: '3h' } },
  };

  it('are counted when they are registered, and wait when there were too many', async () => {
    const { services, bucket } = limitServices();
    const registered = await reserveRegistration(services, 'account/shop/a', spec);
    await registered();
    await registered();
    const one = (await bucket(limitKey.newRegistrations(HOST)))!;
    expect(tokens({ count: 1, period: 10_800 }, one, services.clock.now())).toBe(0);
    await expect(reserveRegistration(services, 'account/shop/b', spec)).rejects.toThrow(LimitReached);
  });

  it('are not counted where nothing is known', async () => {
    const { services, bucket } = limitServices();
    await (await reserveRegistration(services, 'account/shop/a', { ...spec, rateLimits: undefined }))();
    expect(await bucket(limitKey.newRegistrations(HOST))).toBeUndefined();
  });
});
