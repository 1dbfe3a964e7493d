import { describe, expect, it } from 'vitest';
import { checkPause, LimitReached } from '../../../lib/application/limits/buckets.ts';
import { learnLimit } from '../../../lib/application/limits/learn.ts';
import { limitKey } from '../../../lib/domain/caLimits.ts';
import { plusSeconds } from '../../../lib/domain/time.ts';
import { AcmeError } from '../../../lib/ports/acmeServer.ts';
import { HOST, limitServices } from '../../support/limitServices.ts';

describe('what a CA says', () => {
  const spec = { server: `https://${HOST}/dir`, solvers: [] };
  const error = (problem: { type: string; status: number; detail: string }, retryAt?: string) =>
    new AcmeError('newOrder', { class: 'atTime', problem, ...(retryAt && { retryAt }) });
  const busy = { type: 'serverInternal', status: 503, detail: 'busy' };

  it('is believed until its time, and for a week at most', async () => {
    const { services, pass } = limitServices();
    const retryAt = plusSeconds(services.clock.now(), 30 * 86_400);
    const learnt = await learnLimit(services, { spec, issuer: 'shop/ca' }, error(busy, retryAt));
    expect(learnt).toEqual({ key: limitKey.ca(HOST), retryAt: plusSeconds(services.clock.now(), 7 * 86_400) });
    await expect(checkPause(services, spec)).rejects.toThrow(LimitReached);
    pass(7 * 86_400);
    await checkPause(services, spec);
  });

  it.each([
    ['a fault without a time', busy, undefined],
    ['a fault that is no call for patience', { ...busy, status: 500 }, plusSeconds('2026-06-01T00:00:00.000Z', 60)],
    ['another refusal', { type: 'caa', status: 403, detail: 'no' }, plusSeconds('2026-06-01T00:00:00.000Z', 60)],
  ])('is not taken from %s', async (_, problem, retryAt) => {
    const { services } = limitServices();
    expect(await learnLimit(services, { spec, issuer: 'shop/ca' }, error(problem, retryAt))).toBeUndefined();
    await checkPause(services, spec);
  });
});
