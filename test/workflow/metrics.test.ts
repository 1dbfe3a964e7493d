import { describe, expect, it } from 'vitest';
import { metricsText } from '../../functions/api/metrics.ts';
import { processMetrics } from '../../server/metrics.ts';
import { eventually, putIssuer, requestCertificate, settled } from '../support/core.ts';
import { type World, worldOfTest } from '../support/doubles/world.ts';
import { failedIssuance } from '../support/issuing.ts';
import { specOf } from '../support/specs.ts';

const request = ({ services }: World, name: string, dnsNames = [`${name}.example.test`]) =>
  requestCertificate(services, 'shop', name, specOf({ dnsNames, issuerRef: { name: 'double', kind: 'Issuer' } }));

/** Samples of a metric, labels and value. */
function samplesOf(text: string, metric: string): { labels: Record<string, string>; value: number }[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
    .map((line) => ({
      labels: Object.fromEntries(
        [...line.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, text]) => [name!, text!]),
      ),
      value: Number(line.split(' ').at(-1)),
    }));
}

const CHALLENGES = 'certmanager_certificate_challenge_status';
const challenges = async (world: World, team?: string) =>
  samplesOf((await metricsText(world.services, { team })).text, CHALLENGES);
const standing = async (world: World, team?: string) =>
  (await challenges(world, team)).filter(({ value }) => value === 1).map(({ labels }) => labels);

describe('the challenges that are not met', () => {
  it('are invalid with the reason where the CA did not find the proof, and gone when it is brought', async () => {
    const world = await worldOfTest();
    world.ca.controls.judge = ({ value }) =>
      value === 'b.example.test' ? { type: 'unauthorized', detail: 'a "wrong" TXT', status: 403 } : undefined;
    await request(world, 'web', ['a.example.test', 'b.example.test']);
    await failedIssuance(world.services, 'shop', 'web');
    const expected = {
      status: 'invalid',
      domain: 'b.example.test',
      reason: 'a \\"wrong\\" TXT',
      processing: 'false',
      name: 'web-1-1',
      namespace: 'shop',
      type: 'DNS-01',
    };
    await eventually('the failure is in the view', async () => (await standing(world))[0]?.status === 'invalid');
    expect(await standing(world)).toEqual([expected]);
    expect(await standing(world, 'shop')).toEqual([expected]);
    expect(await challenges(world, 'other')).toEqual([]);
    world.ca.controls.judge = undefined;
    await world.pass(3600);
    await settled(world.services, 'shop', 'web');
    await eventually('the view is without it', async () => (await challenges(world)).length === 0);
  });

  it('are pending or processing while the CA is still at it, each by a name of its own', async () => {
    const world = await worldOfTest();
    world.ca.controls.slow = true;
    await request(world, 'slow', ['slow.example.test', '*.slow.example.test']);
    await eventually('they are put off', async () => (await standing(world)).length === 2);
    for (const labels of await standing(world)) {
      expect(labels).toMatchObject({ domain: 'slow.example.test', type: 'DNS-01', namespace: 'shop' });
      expect(['pending', 'processing']).toContain(labels.status);
    }
    expect(new Set((await standing(world)).map(({ name }) => name)).size).toBe(2);
  });

  it('have a sample for every state of cert-manager, as its collector gives them', async () => {
    const world = await worldOfTest();
    world.ca.controls.judge = () => ({ type: 'dns', detail: 'NXDOMAIN', status: 400 });
    await request(world, 'web');
    await failedIssuance(world.services, 'shop', 'web');
    await eventually('it is in the view', async () => (await challenges(world)).length > 0);
    expect((await challenges(world)).map(({ labels }) => labels.status)).toEqual([
      '',
      'errored',
      'expired',
      'invalid',
      'pending',
      'processing',
      'ready',
      'valid',
    ]);
  });
});

/** cert-manager 1.21: its own metrics, with their labels. */
const CERT_MANAGER: Readonly<Record<string, readonly string[]>> = {
  certmanager_certificate_expiration_timestamp_seconds: [
    'name',
    'namespace',
    'issuer_name',
    'issuer_kind',
    'issuer_group',
  ],
  certmanager_certificate_renewal_timestamp_seconds: [
    'name',
    'namespace',
    'issuer_name',
    'issuer_kind',
    'issuer_group',
  ],
  certmanager_certificate_not_after_timestamp_seconds: [
    'name',
    'namespace',
    'issuer_name',
    'issuer_kind',
    'issuer_group',
  ],
  certmanager_certificate_not_before_timestamp_seconds: [
    'name',
    'namespace',
    'issuer_name',
    'issuer_kind',
    'issuer_group',
  ],
  certmanager_certificate_ready_status: [
    'condition',
    'name',
    'namespace',
    'issuer_name',
    'issuer_kind',
    'issuer_group',
  ],
  [CHALLENGES]: ['status', 'domain', 'reason', 'processing', 'name', 'namespace', 'type'],
  certmanager_issuer_ready_status: ['name', 'namespace', 'condition'],
  certmanager_clusterissuer_ready_status: ['name', 'condition'],
  certmanager_http_acme_client_request_count: ['scheme', 'host', 'action', 'method', 'status'],
  certmanager_http_acme_client_request_duration_seconds_count: ['scheme', 'host', 'action', 'method', 'status'],
  certmanager_http_acme_client_request_duration_seconds_sum: ['scheme', 'host', 'action', 'method', 'status'],
  certmanager_http_acme_client_request_duration_seconds: ['scheme', 'host', 'action', 'method', 'status', 'quantile'],
  certmanager_controller_sync_call_count: ['controller'],
  certmanager_controller_sync_error_count: ['controller'],
  certmanager_clock_time_seconds_gauge: [],
  certmanager_clock_time_seconds: [],
};

it("cert-manager's metrics are there, name by name and label by label, and no others under its name", async () => {
  const world = await worldOfTest();
  await putIssuer(world.services, '-', 'shared', { selfSigned: {} });
  await request(world, 'good');
  await settled(world.services, 'shop', 'good');
  world.ca.controls.judge = () => ({ type: 'dns', detail: 'NXDOMAIN', status: 400 });
  await request(world, 'bad');
  await failedIssuance(world.services, 'shop', 'bad');
  await eventually('it is in the view', async () => (await challenges(world)).length > 0);
  const own = processMetrics();
  own.acme({ scheme: 'https', host: 'ca.test', action: 'newOrder', method: 'POST', status: 201, seconds: 1 });
  own.observer.task('Order', 'error', 1, { input: {}, answer: {} });
  const { text } = await metricsText(world.services, { own: () => own.text() });
  const labels = Object.fromEntries(
    Object.keys(CERT_MANAGER).map((metric) => [
      metric,
      Object.keys(samplesOf(text, metric)[0]?.labels ?? { missing: '' }),
    ]),
  );
  const sorted = (table: Readonly<Record<string, readonly string[]>>) =>
    Object.fromEntries(Object.entries(table).map(([metric, names]) => [metric, [...names].sort()]));
  expect(sorted(labels)).toEqual(sorted(CERT_MANAGER));
  const named = new Set([...text.matchAll(/^(certmanager_\w+)[{ ]/gm)].map(([, metric]) => metric!));
  expect([...named].sort()).toEqual(Object.keys(CERT_MANAGER).sort());
});
