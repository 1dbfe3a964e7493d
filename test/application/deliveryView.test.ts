import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DeliveryCommand, deliveryDecider } from '../../lib/domain/delivery.decide.ts';
import { deliveryStream } from '../../lib/domain/delivery.ts';
import { type TestApi, testApi } from '../support/api.ts';
import { issueNow } from '../support/issue.ts';

const KEY = `directory/${encodeURIComponent('/srv/tls/app')}`;
const PATH = '/v1/teams/web/certificates/app';

describe('how deliveries show', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ directoryRoots: ['/srv/tls'] });
    await api.putTeam('web', { destinations: ['directory:/**'] });
    await api.putIssuer('web', 'own', { selfSigned: {} });
    const destinations = [{ directory: '/srv/tls/app' }];
    const spec = { dnsNames: ['app.example.test'], issuerRef: { name: 'own' }, destinations };
    await api.send('PUT', PATH, { json: { spec } });
  });
  afterEach(() => api.close());

  const deliver = (command: DeliveryCommand) =>
    api.services.ledger.handle(deliveryDecider, deliveryStream(KEY), command, { actor: 'test' });
  const shown = async () => {
    const { status } = (await api.send('GET', PATH)).json;
    const delivered = status.conditions.find(({ type }: { type: string }) => type === 'Delivered');
    return { delivery: status.deliveries[0], delivered, next: status.nextAction };
  };
  const seen = { revision: 1, generation: 1, objectUid: 'u', resourceVersion: '1', fingerprint: 'f' };

  test('they wait for the certificate', async () => {
    expect(await shown()).toMatchObject({
      delivery: { destination: 'directory:/srv/tls/app', status: 'waiting' },
      delivered: { status: 'False', reason: 'NotIssued' },
    });
  });

  test('they run, and are confirmed', async () => {
    await issueNow(api.services, 'web', 'app');
    expect(await shown()).toMatchObject({
      delivery: { status: 'running' },
      delivered: { status: 'False', reason: 'InProgress' },
      next: { action: 'Continue' },
    });
    await deliver({ type: 'RecordConfirmed', run: 1, ...seen });
    expect(await shown()).toMatchObject({
      delivery: { status: 'confirmed', revision: 1 },
      delivered: { status: 'True', reason: 'Delivered' },
      next: { action: 'Renew' },
    });
  });

  test('a refused one says why, what to do and when it is tried again, and somebody must act', async () => {
    await issueNow(api.services, 'web', 'app');
    await deliver({ type: 'RecordRefused', run: 1, reason: 'RootMissing', message: 'no /srv/tls', random: 0 });
    const { delivery, delivered, next } = await shown();
    expect(delivery).toMatchObject({ status: 'refused', cause: { code: 'RootMissing', detail: 'no /srv/tls' } });
    expect(delivered).toMatchObject({ status: 'False', reason: 'RootMissing', lastTransitionTime: delivery.since });
    expect(next).toMatchObject({ action: 'Act', at: delivery.retryAt });
    expect(next.message).toContain('root directory');
  });

  test('a refused one whose certificate got another spec is on its way: the refusal was to the one before', async () => {
    await issueNow(api.services, 'web', 'app');
    await deliver({ type: 'RecordRefused', run: 1, reason: 'NotOwned', message: 'foreign', random: 0 });
    const { spec } = (await api.send('GET', PATH)).json;
    const labels = { 'example.test/owner': 'web' };
    const { json } = await api.send('PUT', PATH, { json: { spec: { ...spec, secretTemplate: { labels } } } });
    expect(json.status.deliveries).toEqual([{ destination: 'directory:/srv/tls/app', status: 'pending' }]);
    expect(json.status.conditions.find(({ type }: { type: string }) => type === 'Delivered').reason).toBe('InProgress');
  });

  test('a failed one is tried again by itself', async () => {
    await issueNow(api.services, 'web', 'app');
    const problem = { type: 'Timeout', detail: 'no answer' };
    await deliver({ type: 'RecordFailed', run: 1, class: 'backoff', problem, random: 0 });
    const { delivery, next } = await shown();
    expect(delivery).toMatchObject({ status: 'failed', cause: { code: 'Timeout' } });
    expect(next).toMatchObject({ action: 'Retry', at: delivery.retryAt });
  });

  test('a new revision is on its way before its destination knows', async () => {
    await issueNow(api.services, 'web', 'app');
    await deliver({ type: 'RecordConfirmed', run: 1, ...seen });
    await api.send('POST', `${PATH}/renew`);
    expect((await shown()).delivered.status).toBe('True');
    await issueNow(api.services, 'web', 'app');
    expect(await shown()).toMatchObject({
      delivery: { status: 'running', revision: 1 },
      delivered: { status: 'False' },
    });
  });
});
