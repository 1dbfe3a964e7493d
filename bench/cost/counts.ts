import { fileURLToPath } from 'node:url';

/** How often, by name. */
export type Tally = Readonly<Record<string, number>>;

/** What something takes: calls of functions, requests of services, and the capacity units that DynamoDB consumed. */
export interface Count {
  /** By function; a step by its state. A reader of the feed is counted once a commit: AWS makes batches, so it is this at the most. */
  readonly functions: Tally;
  /** By state machine: how often one was asked to start. */
  readonly executions: Tally;
  /** By service and operation. */
  readonly requests: Tally;
  readonly readUnits: number;
  readonly writeUnits: number;
  /** Bytes by which the tables grew. */
  readonly bytes: number;
}

/** What was counted. Of an issuance: with one name and one destination in a cluster unless it says otherwise. */
export const ACTS = [
  'first',
  'renewal',
  'elevenNames',
  'threeDestinations',
  'secret',
  'scan',
  'clusterCheck',
  'issuerCheck',
  'certificateCheck',
] as const;
/** One of them. */
export type Act = (typeof ACTS)[number];

/** What stands there whether it is used or not. */
export interface Standing {
  readonly keys: number;
  /** Metrics that alarms look at: an alarm is paid for by them. */
  readonly alarmMetrics: number;
  readonly dashboards: number;
  /** Metrics of ours, each by its dimensions, that a scan tells of when nothing is wrong. */
  readonly metrics: number;
  /** The same, with those that issuances tell of. */
  readonly metricsInUse: number;
}

/** What is kept, and paid for by the model. */
export interface Counts {
  /** When it was counted, as a date. */
  readonly date: string;
  readonly acts: Readonly<Record<Act, Count>>;
  readonly standing: Standing;
}

/** Where the counts lie. */
export const COUNTS = fileURLToPath(new URL('counts.json', import.meta.url));
