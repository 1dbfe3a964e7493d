import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { DEPLOYING, type Deployed, deployed } from '../../support/deployed.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { kubeMust } from '../../support/peers/kubeClient.ts';
import { sharedCluster } from '../../support/peers/sharedCluster.ts';
import { ended, soon, startTenant, type Tenant } from '../../support/tenant.ts';

const TEAM = 'drifts';
/** Seconds after which a cluster is asked again how it is, and some more. */
const NEXT_CHECK = 4000;

describeWith(['ministack', 'pebble', 'kubernetes'], 'On the deployed app, a Secret that somebody deletes', () => {
  let app: Deployed;
  let tenant: Tenant;
  beforeAll(async () => {
    app = await deployed();
    tenant = await startTenant(app, TEAM);
  }, DEPLOYING);
  afterEach(() => app.setAhead(0));
  afterAll(() => tenant?.stop());

  it('is found by the scan, and delivered again by one execution and without the CA', async () => {
    await tenant.request('lost');
    await tenant.settled('lost');
    const { leaf } = await tenant.delivered('lost');
    const orders = tenant.orders();
    const { call } = await sharedCluster();
    await kubeMust(call, 'DELETE', `/api/v1/namespaces/${tenant.namespace}/secrets/lost`);
    let ahead = 0;
    await soon('it is there again', async () => {
      // What the view does not show yet is looked at when the cluster is asked again.
      ahead += NEXT_CHECK;
      app.setAhead(ahead);
      await app.invoke('scan');
      if (!(await tenant.secret('lost'))) throw new Error(JSON.stringify((await tenant.describe('lost')).status));
    });
    await tenant.settled('lost');
    expect((await tenant.delivered('lost')).leaf.serialNumber).toBe(leaf.serialNumber);
    expect(tenant.orders()).toBe(orders);
    const again = await ended('the second delivery', () => tenant.delivering('lost', 2));
    expect([again.status, again.states]).toEqual(['SUCCEEDED', ['Push']]);
    const { text } = await app.request('GET', `/v1/teams/${TEAM}/certificates/lost/events`);
    expect(text).toContain('The copy is gone: it is delivered again');
  });
});
