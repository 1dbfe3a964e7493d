import { expect, it } from 'vitest';
import { busyKey } from '../../../lib/application/limits/buckets.ts';
import { busyKeysOf } from '../../../lib/application/limits/use.ts';
import { limitKey } from '../../../lib/domain/caLimits.ts';
import { plusSeconds } from '../../../lib/domain/time.ts';
import { HOST, key, limitServices } from '../../support/limitServices.ts';

it('an account has the buckets of its own and of everybody, and none of an account whose address begins like its own', async () => {
  const { services } = limitServices();
  const own = { host: HOST, account: `https://${HOST}/acct/1` };
  const other = { host: HOST, account: `https://${HOST}/acct/12` };
  const mine = [limitKey.newOrders(own), limitKey.failedValidations(own, 'a.test'), key];
  const others = [limitKey.newOrders(other), limitKey.failedValidations(other, 'a.test')];
  const expires = plusSeconds(services.clock.now(), 3600);
  const until = Object.fromEntries([...mine, ...others].map((one) => [one, Date.parse(expires)]));
  await services.limits.write([{ key: busyKey(HOST), version: 0, doc: { until }, expires }]);
  const spec = { server: `https://${HOST}/dir`, solvers: [] };
  const keys = await busyKeysOf(services, { owner: 'shop', label: 'shop/ca', spec, ...own });
  expect(keys.sort()).toEqual([...mine, limitKey.ca(HOST), limitKey.account(own)].sort());
});
