import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ApiOptions } from '../functions/api/route.ts';
import type { AcmeExchange } from '../lib/adapters/acme/transport.ts';
import type { Metrics } from '../lib/ports/metrics.ts';
import { certManagerMetrics } from './certManagerMetrics.ts';
import type { WorkflowObserver } from './workflows.ts';

/** Upper bounds in seconds: from a local step to a CA that takes its time. */
const BUCKETS = [0.005, 0.02, 0.1, 0.5, 1, 3, 10, 30];

/** How a renewal ended, by what is counted of it. */
const RENEWAL_OUTCOMES: Readonly<Record<string, 'succeeded' | 'failed'>> = {
  Renewed: 'succeeded',
  IssuancesFailed: 'failed',
};

/** What this process counts of itself, for Prometheus. */
export interface ProcessMetrics {
  readonly observer: WorkflowObserver;
  readonly observe: NonNullable<ApiOptions['observe']>;
  /** Counts outcomes. */
  readonly count: Metrics;
  /** Counts requests to CAs. */
  readonly acme: (exchange: AcmeExchange) => void;
  /** Adds what is asked for at each scrape. */
  watch(sources: { running(): number; lastScan(): number }): void;
  text(): Promise<string>;
}

/** Counters and histograms of one process. */
export function processMetrics(): ProcessMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const steps = new Histogram({
    name: 'chancery_step_duration_seconds',
    help: 'Time of each step of the state machines, by its outcome.',
    labelNames: ['state', 'outcome'],
    buckets: BUCKETS,
    registers,
  });
  const requests = new Histogram({
    name: 'chancery_api_request_duration_seconds',
    help: 'Time of each answer of the API.',
    labelNames: ['operation', 'status'],
    buckets: BUCKETS,
    registers,
  });
  const errors = new Counter({
    name: 'chancery_step_errors_total',
    help: 'Steps that threw what nobody expected.',
    labelNames: ['state'],
    registers,
  });
  const outcomes = new Counter({
    name: 'chancery_outcomes_total',
    help: 'Issuances and deliveries that ended, by how; issuances by their issuer too.',
    labelNames: ['outcome', 'issuer'],
    registers,
  });
  const renewals = new Counter({
    name: 'chancery_renewals_total',
    help: 'Further revisions that were issued (succeeded), and runs for one that failed, by why the revision was asked for.',
    labelNames: ['reason', 'outcome'],
    registers,
  });
  const certManager = certManagerMetrics(registers);
  return {
    count(measured) {
      for (const { issuer = '', reason, metrics } of measured) {
        for (const [outcome, number] of Object.entries(metrics)) {
          outcomes.inc({ outcome, issuer }, number);
          const renewal = RENEWAL_OUTCOMES[outcome];
          if (renewal && reason && reason !== 'NeverIssued') renewals.inc({ reason, outcome: renewal }, number);
        }
      }
    },
    acme: certManager.acme,
    observer: {
      task(state, outcome, milliseconds) {
        steps.observe({ state, outcome }, milliseconds / 1000);
        if (outcome === 'error') errors.inc({ state });
        certManager.synced(state, outcome === 'error');
      },
    },
    observe: ({ operation, status, seconds }) => requests.observe({ operation, status: String(status) }, seconds),
    watch({ running, lastScan }) {
      new Gauge({
        name: 'chancery_executions_running',
        help: 'Executions of the state machines under way.',
        registers,
        collect() {
          this.set(running());
        },
      });
      new Gauge({
        name: 'chancery_last_scan_timestamp_seconds',
        help: 'When the last scan of the due index ended. Unix time.',
        registers,
        collect() {
          this.set(lastScan() / 1000);
        },
      });
    },
    text: () => registry.metrics(),
  };
}
