import { Counter, type Registry, Summary } from 'prom-client';
import type { AcmeExchange } from '../lib/adapters/acme/transport.ts';

/** cert-manager's word for a request that got no answer. */
const UNANSWERED = '999';

const LABELS = ['scheme', 'host', 'action', 'method', 'status'] as const;

/** What cert-manager counts of its own work, by its names and labels, so that its boards and alerts have something to read. */
export function certManagerMetrics(registers: Registry[]): {
  readonly acme: (exchange: AcmeExchange) => void;
  readonly synced: (state: string, failed: boolean) => void;
} {
  const requests = new Counter({
    name: 'certmanager_http_acme_client_request_count',
    help: 'Requests to ACME CAs, by what was asked for; status 999: no answer.',
    labelNames: LABELS,
    registers,
  });
  const durations = new Summary({
    name: 'certmanager_http_acme_client_request_duration_seconds',
    help: 'Time of each request to an ACME CA.',
    labelNames: LABELS,
    percentiles: [0.5, 0.9, 0.99],
    maxAgeSeconds: 600,
    ageBuckets: 5,
    registers,
  });
  const syncs = new Counter({
    name: 'certmanager_controller_sync_call_count',
    help: 'Steps of the state machines that were run; controller is the step.',
    labelNames: ['controller'],
    registers,
  });
  const errors = new Counter({
    name: 'certmanager_controller_sync_error_count',
    help: 'Steps that threw what nobody expected; controller is the step.',
    labelNames: ['controller'],
    registers,
  });
  return {
    acme({ status, seconds, ...request }) {
      const labels = { ...request, status: status === undefined ? UNANSWERED : String(status) };
      requests.inc(labels);
      durations.observe(labels, seconds);
    },
    synced(controller, failed) {
      syncs.inc({ controller });
      errors.inc({ controller }, failed ? 1 : 0);
    },
  };
}
